"""The fitted model: a frozen facade. Methods delegate; numbers happen in functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.design import Design
from ranef.diagnose import data_findings, fit_findings
from ranef.errors import DataError
from ranef.formula import Formula
from ranef.frame import Table, read_table
from ranef.inference.coefficients import CoefficientTests, coefficient_tests
from ranef.inference.conditional import conditional_covariances
from ranef.inference.estimates import Estimates, estimate
from ranef.inference.predict import PredictionOptions, predict
from ranef.inference.prediction_variance import conditional_variances_of_rows
from ranef.inference.rows import fixed_part, leverages, random_part, residuals
from ranef.inference.satterthwaite import VarianceDerivatives, variance_derivatives
from ranef.inference.simulate import simulate_responses
from ranef.present.estimates import coef_frames, ranef_frames, varcorr_frame
from ranef.present.presented import Presented
from ranef.problem import Problem, make_problem
from ranef.solve import Certificate, Control, Solution, solve
from ranef.types import Array, Codes, Finding, MissingRows

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["Fit"]


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Presented):
    """A fitted linear mixed model.

    Made by :func:`ranef.lmm`; nothing changes it afterwards. Arrays are in the order of the rows
    that were used (``missing_rows`` lists the others), labelled results are pandas objects and
    the caller's to change.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    >>> round(fit.criterion, 4)
    1743.6283
    >>> fit.certificate.verdict
    'interior optimum'
    """

    _formula: Formula
    _table: Table
    _design: Design
    _problem: Problem
    _solution: Solution
    _estimates: Estimates
    _weights: Array | None
    _offset: Array | None
    _control: Control
    missing_rows: MissingRows
    findings: tuple[Finding, ...] = field(default=())

    @classmethod
    def of_design(
        cls,
        formula: Formula,
        table: Table,
        design: Design,
        missing: MissingRows,
        *,
        reml: bool,
        weights: Array | None = None,
        offset: Array | None = None,
        control: Control | None = None,
        start: Array | None = None,
    ) -> Fit:
        """Solve, certify, estimate, and keep what is worth knowing."""
        control = control or Control()
        y = design.y if offset is None else design.y - offset
        problem = make_problem(design, y, weights, reml)
        solution = solve(problem, control, start)
        return cls(
            _formula=formula,
            _table=table,
            _design=design,
            _problem=problem,
            _solution=solution,
            _estimates=estimate(problem, solution),
            _weights=weights,
            _offset=offset,
            _control=control,
            missing_rows=missing,
            findings=(
                *data_findings(formula, table, design, missing),
                *fit_findings(solution.certificate),
            ),
        )

    # -- estimates ------------------------------------------------------------------------------
    @property
    def fixef(self) -> pd.Series[float]:
        """Fixed effects by name, shape (p,); aliased columns are NaN."""
        import pandas as pd

        values = dict(zip(self._design.x_names, self._estimates.beta.tolist(), strict=True))
        values |= dict.fromkeys(self.dropped, float("nan"))
        return pd.Series(values, name="estimate", dtype=float)

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the estimated fixed effects, shape (p, p)."""
        import pandas as pd

        names = list(self._design.x_names)
        return pd.DataFrame(self._estimates.vcov.copy(), index=names, columns=names)

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in units of the response."""
        return self._estimates.sigma

    @property
    def theta(self) -> Array:
        """Relative covariance factors: lower triangles by column, terms in lme4's order."""
        return self._solution.theta.copy()

    def varcorr(self) -> pd.DataFrame:
        """Variances and covariances of the random effects, the residual variance last.

        Columns group, term1, term2 (None on the diagonal), variance (or covariance), sd (or
        correlation).
        """
        return varcorr_frame(self._problem.labels, self._estimates.covariances, self.sigma)

    def ranef(self, condvar: bool = True) -> dict[str, pd.DataFrame]:
        """Conditional modes of the random effects by grouping factor, one row a level.

        With `condvar`, a column ``<term>_sd`` for each term: the conditional standard deviation
        given the data and the estimated parameters.
        """
        spread = self._conditional_covariances if condvar else None
        levels = [term.levels for term in self._design.terms]
        return ranef_frames(self._problem.labels, levels, self._estimates.modes, spread)

    def coef(self) -> dict[str, pd.DataFrame]:
        """Fixed effects plus conditional modes by grouping factor, one row a level."""
        return coef_frames(self.fixef, self.ranef(condvar=False))

    # -- criteria -------------------------------------------------------------------------------
    @property
    def loglik(self) -> float:
        """Log-likelihood; the REML log-likelihood under REML."""
        return self._estimates.loglik

    @property
    def deviance(self) -> float:
        """-2 log-likelihood (ML, not REML) at the estimated relative covariances."""
        return self._estimates.deviance

    @property
    def criterion(self) -> float:
        """What was minimised: -2 times `loglik`."""
        return self._estimates.criterion

    @property
    def aic(self) -> float:
        """-2 loglik + 2 df_model."""
        return self._estimates.aic

    @property
    def bic(self) -> float:
        """-2 loglik + log(nobs) df_model."""
        return self._estimates.bic

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self._problem.n

    @property
    def ngroups(self) -> dict[str, int]:
        """Number of levels of each grouping factor."""
        return {label.factor: label.n_levels for label in self._problem.labels}

    @property
    def df_model(self) -> int:
        """Number of parameters: fixed effects, variances and covariances, sigma."""
        return self._estimates.n_parameters

    @property
    def df_resid(self) -> int:
        """nobs - df_model."""
        return self.nobs - self.df_model

    @property
    def reml(self) -> bool:
        """Whether REML was used."""
        return self._problem.reml

    @property
    def formula(self) -> str:
        """The formula as given."""
        return self._formula.text

    @property
    def response(self) -> str:
        """Name of the response."""
        return self._design.response

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns of the fixed part left out because earlier ones determine them."""
        return self._design.dropped

    @property
    def certificate(self) -> Certificate:
        """Whether the fit is at an optimum, of which kind, with the evidence."""
        return self._solution.certificate

    # -- rows -----------------------------------------------------------------------------------
    @property
    def fitted(self) -> Array:
        """Conditional means, shape (nobs,)."""
        return self._fitted.copy()

    def residuals(
        self, kind: Literal["response", "pearson", "deviance", "working"] = "response"
    ) -> Array:
        """Response less fitted values, shape (nobs,).

        ``pearson`` and ``deviance`` residuals are multiplied by the root of the weights.
        """
        return residuals(self._design.y, self._fitted, self._weights, kind)

    @property
    def leverage(self) -> Array:
        """Diagonal of the map from the response to the fitted values, shape (nobs,)."""
        return self._leverage.copy()

    def model_frame(self) -> pd.DataFrame:
        """The model's variables in the rows that were used."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for name, column in self._table.columns.items():
            if column.kind == "factor":
                columns[name] = pd.Categorical.from_codes(
                    column.values, pd.Index(list(column.levels)), ordered=column.ordered
                )
            else:
                integral = "int" in column.source_type.lower()
                columns[name] = column.values.astype(np.int64 if integral else np.float64)
        return pd.DataFrame(columns)

    # -- inference ------------------------------------------------------------------------------
    def coefficients(self, ddf: str = "satterthwaite", level: float = 0.95) -> pd.DataFrame:
        """Tests and intervals of the fixed effects, one row a coefficient.

        Parameters
        ----------
        ddf : {"satterthwaite", "residual", "asymptotic"}
        level : float

        Returns
        -------
        DataFrame
            Columns estimate, std_error, df, statistic, p_value, conf_low, conf_high.
        """
        import pandas as pd

        tests = self._tests(ddf, level)
        frame = pd.DataFrame(tests._asdict(), index=pd.Index(self._design.x_names, dtype=object))
        return frame.reindex([*self._design.x_names, *self.dropped])

    def confint(self, level: float = 0.95, ddf: str = "asymptotic") -> pd.DataFrame:
        """Wald intervals of the fixed effects; columns conf_low and conf_high."""
        return self.coefficients(ddf, level)[["conf_low", "conf_high"]]

    def predict(
        self,
        newdata: Any = None,
        level: Literal["conditional", "population"] = "conditional",
        new_levels: Literal["error", "population", "sample"] = "error",
        interval: Literal["confidence", "prediction"] | None = None,
        confidence: float = 0.95,
        seed: int | None = None,
    ) -> Any:
        """Predicted means, for the rows of the fit or for new ones.

        Parameters
        ----------
        newdata : data frame, optional
            The predictors; the grouping factors too for conditional predictions.
        level : {"conditional", "population"}
            With the random effects of the rows' groups, or with random effects of zero.
        new_levels : {"error", "population", "sample"}
            What to do with levels that the fit has not seen: raise, predict with random effects
            of zero, or draw their random effects.
        interval : {"confidence", "prediction"}, optional
            Of the mean, or of a new observation (of a new group in population predictions); the
            variances are taken as known.
        confidence : float
            Of the interval.
        seed : int, optional
            For ``new_levels="sample"``.

        Returns
        -------
        ndarray, shape (rows,), or DataFrame with estimate, conf_low, conf_high
            Rows where a predictor is missing are NaN.

        Raises
        ------
        DataError
            New levels, where these are an error.
        UnknownColumnError
            A predictor is not in `newdata`.
        """
        options = PredictionOptions(level, new_levels, interval, confidence, seed)
        encoding = self._design.encoding
        if newdata is None:
            table = self._table
        else:
            needed = encoding.variables if options.needs_groups else encoding.fixed_variables
            table = read_table(newdata, needed) if needed else read_table(newdata)
        result = predict(
            table,
            encoding,
            self._estimates,
            self._problem.labels,
            self._variance_of_rows,
            options,
        )
        shift = 0.0
        if newdata is None and self._argument_offset is not None:
            shift = self._argument_offset
        if result.conf_low is None or result.conf_high is None:
            return result.estimate + shift
        import pandas as pd

        return pd.DataFrame({k: v + shift for k, v in result._asdict().items()})

    def simulate(self, n: int = 1, seed: int | None = None) -> pd.DataFrame:
        """Draw responses from the fitted model, with new random effects and residuals.

        Parameters
        ----------
        n : int
            Number of responses.
        seed : int, optional
            The same seed gives the same draws; the first of many equals the only one.

        Returns
        -------
        DataFrame, shape (nobs, n)
            Columns 0 to n - 1.
        """
        import pandas as pd

        y = simulate_responses(
            self._design,
            self._mean,
            self._estimates.covariances,
            self.sigma,
            self._weights,
            n,
            seed,
        )
        return pd.DataFrame(y)

    def refit(self, y: Any) -> Fit:
        """The same model for another response: a new fit.

        Parameters
        ----------
        y : array-like, shape (nobs,)
            In the order of the rows used.
        """
        values = np.asarray(y, dtype=np.float64)
        if values.ndim == 2 and 1 in values.shape:
            values = values.ravel()
        if values.shape != (self.nobs,) or not np.all(np.isfinite(values)):
            raise DataError(
                "the new response does not fit the rows of the model",
                found=f"shape {values.shape}"
                + ("" if np.all(np.isfinite(values)) else ", with values that are not finite"),
                fix=f"give {self.nobs} finite numbers",
            )
        return self._again(replace(self._design, y=values), self.reml)

    def with_reml(self, reml: bool) -> Fit:
        """The same model and data by REML or by ML: this fit where it is so already."""
        return self if self.reml == reml else self._again(self._design, reml)

    def _again(self, design: Design, reml: bool) -> Fit:
        return Fit.of_design(
            self._formula,
            self._table,
            design,
            self.missing_rows,
            reml=reml,
            weights=self._weights,
            offset=self._offset,
            control=self._control,
        )

    def __repr__(self) -> str:
        kind = "REML" if self.reml else "ML"
        groups = ", ".join(f"{n} {name}" for name, n in self.ngroups.items())
        return (
            f"<Fit {self.formula} by {kind}: {self.nobs} rows, {groups}; "
            f"{self.certificate.verdict}>"
        )

    # -- computed when first asked for; never pickled ---------------------------------------------
    @cached_property
    def _mean(self) -> Array:
        return fixed_part(self._design.X, self._estimates.beta, self._offset)

    @cached_property
    def _fitted(self) -> Array:
        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return self._mean + random_part(blocks, self._estimates.modes)

    @cached_property
    def _leverage(self) -> Array:
        y = self._design.y - (0.0 if self._offset is None else self._offset)
        return leverages(self._problem, self._solution, self._design, y, self._weights)

    @cached_property
    def _conditional_covariances(self) -> tuple[Array, ...]:
        return conditional_covariances(self._problem, self._solution)

    @cached_property
    def _derivatives(self) -> VarianceDerivatives:
        return variance_derivatives(self._problem, self._solution)

    @property
    def _argument_offset(self) -> Array | None:
        """The part of the offset that the formula does not hold."""
        if self._offset is None or self._design.offset is None:
            return self._offset
        return self._offset - self._design.offset

    def _variance_of_rows(self, x: Array, blocks: Sequence[tuple[Codes, Array]]) -> Array:
        return conditional_variances_of_rows(
            self._problem, self._solution, self._estimates, x, blocks
        )

    def _tests(self, ddf: str, level: float) -> CoefficientTests:
        return coefficient_tests(
            self._estimates.beta,
            self._estimates.vcov,
            self.nobs - self._design.p,
            lambda: self._derivatives,
            ddf,
            level,
        )

    def __getstate__(self) -> Mapping[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}
