"""Influence and residuals: what the estimates rest on, and whether the distributions fit."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal

from ranef.core import one_blas_thread
from ranef.fit.record import FitRecord
from ranef.options import boolean, one_of, shown, whole
from ranef.options import seed as checked_seed
from ranef.present.progress import progress, progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.results.influence import Influence
    from ranef.present.results.residual_check import ResidualCheck

__all__ = ["Influential"]


class Influential(FitRecord):
    """The methods that look behind the estimates; each delegates to a function."""

    def influence(self, by: str | None = None, exact: bool = False) -> Influence:
        """What changes if a group or a row is left out: Cook's distance and other measures.

        The model is fitted again without each level of `by`, fixed effects and variances. This
        takes the cross-products without those of the level, and does not read the rows again. With
        500 groups or more of the only grouping factor, or of the one in which the others are
        nested, groups that hardly move the variances are left out by one Newton step. Columns
        computed from all rows, as ``scale(x)``, ``poly(x, 2)`` and ``between(x, g)``, stay as they
        are.

        Parameters
        ----------
        by : str, optional
            A grouping factor, a variable of the model, or ``"rows"``. By default the grouping
            factor in which all others are nested. ``"rows"`` keeps the variances, and is then
            exact in closed form.
        exact : bool
            Whether every level gets a refit however long that takes, also those of
            ``by="rows"``. By default variances are kept where all refits would take more than
            about a minute. The column ``method`` says what was done.

        Returns
        -------
        Influence
            ``.frame`` has a row for each level: rows, cooks_distance, mdffits, covtrace, covratio,
            singular, converged, method, and the change of each coefficient, standard deviation,
            correlation and of sigma if the level is left out. A level without which the model is
            not determined is NaN there. ``.plot()`` draws it. For ``by="rows"``: cooks_distance
            (of the fixed effects), cooks_distance_conditional (lme4's), leverage, leverage_fixed,
            standardized (residual), and the change of each coefficient.

        Raises
        ------
        OptionError
            Another `by`, or none for crossed factors.

        Notes
        -----
        Cook's distance is that of HLMdiag and influence.ME, (b - b_j)' vcov^-1 (b - b_j) / p with p
        coefficients. lme4's ``cooks.distance(influence(m, "g"))`` is (J - p) / J times that, with J
        groups.

        References
        ----------
        Loy and Hofmann (2014), HLMdiag: a suite of diagnostics for hierarchical linear models in
        R, Journal of Statistical Software 56(5), section 4. Christensen, Pearson and Johnson
        (1992), Case-deletion diagnostics for mixed models, Technometrics 34, 38-45.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> without = fit.influence("Subject").frame
        >>> without["cooks_distance"].idxmax(), round(float(without["cooks_distance"].max()), 3)
        ('309', 0.149)
        """
        from ranef.fit.units import ROWS, units_of
        from ranef.present.frames.influence import influence_frame, row_frame
        from ranef.present.results.influence import Influence

        exact = boolean("exact", exact)
        units = units_of(self, by)
        self._need_whole_groups(units.codes, f"influence by {units.name}")
        errors = self._estimates.vcov.diagonal() ** 0.5
        if by == ROWS and not units.factor and not exact:  # a factor may have that name
            frame, names = row_frame(self._by_rows(), self._design.x_names, units)
            estimates = dict(zip(names, self._estimates.beta.tolist(), strict=True))
            return Influence(
                self._formula.text,
                ROWS,
                frame,
                estimates,
                dict(zip(names, errors, strict=True)),
                self._words,
            )
        from ranef.inference.influence import leave_out

        # Of many small matrices several threads would wait for one another.
        bar = progress_bar(f"influence by {units.name}", len(units.levels))
        with bar as tick, one_blas_thread() if self._small() else nullcontext():
            left_out = leave_out(
                self._problem,
                self._solution,
                self._estimates,
                self._design,
                self._data.y,
                self._weights,
                units,
                self._control,
                exact,
                tick,
            )
        frame, estimates = influence_frame(left_out, units)
        std_errors = dict(zip(estimates, errors, strict=False))  # fixed effects come first
        return Influence(self._formula.text, units.name, frame, estimates, std_errors, self._words)

    def _small(self) -> bool:
        """Whether no fit has a dense matrix that is worth several threads."""
        sizes = [levels * q for levels, q in self._problem.products.sizes]
        return sum(sizes) - max(sizes, default=0) < 1000

    @progress("computing the influence of rows")
    def _by_rows(self) -> Any:
        from ranef.inference.row_influence import row_influence

        return row_influence(
            self._problem, self._solution, self._design, self._data.y, self._weights
        )

    @progress("computing residuals of groups")
    def group_residuals(self, group: str | None = None) -> pd.DataFrame:
        """Level-2 residuals: predicted effects of groups beside those of least squares.

        Parameters
        ----------
        group : str, optional
            A grouping factor; by default that in which all others are nested.

        Returns
        -------
        DataFrame
            One row a level: rows, then for each random effect ``<term>`` (the conditional mode, as
            in :meth:`ranef`: shrunken), ``<term>_ols`` (least squares of the rows of the group
            alone: not shrunken; NaN where these rows do not determine it) and
            ``<term>_standardized`` (the mode over its own standard deviation; standard normal if
            the model holds; NaN where the variance is zero). Least squares are of what the fixed
            part and the predicted effects of the other factors leave of the response.

        Raises
        ------
        OptionError
            Another `group`, or none for crossed factors.

        References
        ----------
        Snijders and Bosker (2012), Multilevel Analysis, 2nd edition, section 10.7. Lange and Ryan
        (1989), Assessing normality in random effects models, Annals of Statistics 17, 624-642.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.group_residuals().loc["337", ["Days", "Days_ols", "Days_standardized"]].round(2)
        Days                 8.63
        Days_ols             8.56
        Days_standardized    1.63
        Name: 337, dtype: float64
        """
        from ranef.fit.units import factor_position
        from ranef.inference.group_residuals import group_residuals
        from ranef.present.frames.influence import group_frame

        factor, position = factor_position(self, group, "group")
        found = group_residuals(
            self._problem,
            self._solution,
            self._design,
            self._data.y,
            self._weights,
            position,
        )
        term = self._design.terms[found.terms[0]]
        return group_frame(factor, term, self._problem.labels, found)

    @progress("computing residuals")
    def quantile_residuals(
        self,
        kind: Literal["conditional", "marginal", "whitened"] = "conditional",
        rows: Literal["used", "all"] = "used",
    ) -> Any:
        """The quantile of each residual in its distribution: uniform on (0, 1) if the model holds.

        DHARMa in R computes them from simulated responses. For a normal response infinitely many
        simulations give the normal distribution function, which is used here.

        Parameters
        ----------
        kind : {"conditional", "marginal", "whitened"}
            Of the standardised conditional residuals; of the marginal ones over their standard
            deviations, in which the rows of a group depend on each other; or of whitened ones, for
            one grouping factor or nested ones. See :meth:`residuals`.
        rows : {"used", "all"}
            As in :meth:`residuals`.

        Returns
        -------
        Series or ndarray
            As :attr:`fitted`.

        Raises
        ------
        OptionError
            Another kind, or whitened residuals of crossed factors.

        References
        ----------
        Dunn and Smyth (1996), Randomized quantile residuals, Journal of Computational and
        Graphical Statistics 5, 236-244.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.quantile_residuals().iloc[:3].round(3).to_list()
        [0.428, 0.265, 0.039]
        """
        from ranef.inference.residual_kinds import QUANTILE_KINDS, quantiles_of
        from ranef.present.frames.rows import check_rows, on_all_rows, on_rows

        what = f"unknown kind of quantile residuals {shown(kind)}"
        one_of("kind", kind, QUANTILE_KINDS, what=what)
        everything = check_rows(rows)
        values = quantiles_of(
            self._problem,
            self._solution,
            self._estimates,
            self._design,
            self._data.y,
            self._weights,
            kind,
        )
        if everything:
            return on_all_rows(values, self._index, self.missing_rows)
        return on_rows(values, self._index, self.missing_rows)

    def check_residuals(
        self, n: int = 499, seed: int | None = None, calibrate: bool = True
    ) -> ResidualCheck:
        """Test whether residuals and random effects follow the model, and draw them.

        Uniformity of the quantile residuals, outliers, spread of the residuals against the fitted
        values and between groups, and the distribution of the standardised effects of each term.
        The model is fitted again to `n` responses drawn from it, which gives p values that count
        the estimation of the parameters; one set of refits serves all tests.

        Parameters
        ----------
        n : int
            Refits.
        seed : int, optional
            The same seed gives the same refits.
        calibrate : bool
            False takes textbook distributions, which need no refit. They hold for known
            parameters and independent residuals. The p values of the Kolmogorov-Smirnov distances
            are then far too large ("conservative"); the others are approximate.

        Returns
        -------
        ResidualCheck
            ``.frame``: one row a test, with statistic, p_value, method; ``.plot()``.

        Raises
        ------
        OptionError
            `n` below 1, or a `seed` that is not a whole number from 0 to 2^64 - 1.

        Notes
        -----
        A normal model needs no test of dispersion, because sigma is estimated.

        References
        ----------
        Hartig, DHARMa: residual diagnostics for hierarchical regression models (R package).
        Lilliefors (1967), Journal of the American Statistical Association 62, 399-402.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> check = fit.check_residuals(99, seed=1)
        >>> check.frame.loc["outliers", ["statistic", "p_value"]].round(2).to_list()
        [5.53, 0.01]
        """
        from ranef.inference.residual_tests import residual_tests
        from ranef.present.results.residual_check import ResidualCheck

        n = whole("n", n, of="the number of refits")
        checked_seed("seed", seed)
        calibrate = boolean("calibrate", calibrate)
        with progress_bar("refits for the tests of residuals", n) as tick:
            tests = residual_tests(
                self._problem,
                self._solution,
                self._estimates,
                self._design,
                self._data.y,
                self._weights,
                self._control,
                n if calibrate else None,
                seed,
                tick,
            )
        return ResidualCheck(self._formula.text, tests, self._fitted)
