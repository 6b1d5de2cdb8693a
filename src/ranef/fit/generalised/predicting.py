"""Predictions of a generalised fit, for its own rows or new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.core import one_blas_thread
from ranef.errors import OptionError
from ranef.fit.generalised.record import GeneralisedRecord

if TYPE_CHECKING:
    import pandas as pd

    from ranef.inference.generalised.predict import RowsAsked
    from ranef.inference.generalised.prediction_options import GeneralisedOptions
    from ranef.inference.generalised.quantity import Quantity
    from ranef.inference.predict import Prediction

__all__ = ["GeneralisedPredicting"]


class GeneralisedPredicting(GeneralisedRecord):
    """The method that predicts; it delegates to functions."""

    def predict(
        self,
        newdata: Any = None,
        level: Literal["conditional", "population", "marginal"] = "conditional",
        new_levels: Literal["error", "population", "sample"] = "error",
        interval: Literal["confidence", "prediction"] | None = None,
        confidence: float = 0.95,
        seed: int | None = None,
        *,
        kind: Literal["response", "link", "probability", "class", "score"] = "response",
        se: bool = False,
        offset: Any = None,
        weights: Any = None,
        random: str | Sequence[str] | None = "all",
        part: Literal["both", "random"] = "both",
        uncertainty: Literal["all", "known variances"] = "all",
    ) -> Any:
        """Predicted means of the response, for the rows of the fit or for new rows.

        A prediction does not depend on the other rows of `newdata`.

        Parameters
        ----------
        newdata : data frame, optional
            The predictors; the grouping factors too for conditional predictions. Terms
            ``within(x, g)`` and ``between(x, g)`` use the group means of the fit. For other groups,
            or rows without a group, `newdata` has a column ``between(x, g)`` with the mean.
        level : {"conditional", "population", "marginal"}
            ``"conditional"``: the mean in the row's own groups, at their conditional modes.
            ``"population"``: the mean in a group whose random effects are zero. It is the mean of
            a typical group, and, unless the link is the identity, not the average over groups.
            ``"marginal"``: the average of the means over all groups that there could be, which the
            random effects' normal distribution describes (population-averaged).
        new_levels : {"error", "population", "sample"}
            What to do with levels that the fit has not seen: raise an error, predict with random
            effects of zero, or draw their random effects, once for each level. For ``"marginal"``
            no levels are read.
        interval : {"confidence", "prediction"}, optional
            Of the mean, or of a new observation (of new groups in those random effects that do not
            count). With ``new_levels="sample"`` the interval is around the mean at random effects
            of zero.
        confidence : float
            Of the interval.
        seed : int, optional
            For ``new_levels="sample"``.
        kind : {"response", "link", "probability", "class", "score"}
            ``"response"``: the mean of the response: a probability, a mean count. With zero
            inflation that of all counts, extra zeros among them; of truncated counts that of the
            counts above zero. ``"link"``: the linear predictor.
            Of ordered answers ``"response"`` and ``"probability"`` give the probability of each
            answer, ``"class"`` the most probable answer, and ``"score"`` the mean of the answers
            numbered from 1, which is what :attr:`fitted` holds.
        se : bool
            Whether standard errors are returned too, by the delta method if they are not of the
            linear predictor.
        offset : str, array-like or float, optional
            Takes the place of the argument `offset` of the fit: a column of `newdata`, one number
            for each row, or one for all. It is needed if the fit had an array and `newdata` are
            given.
        weights : str, array-like or float, optional
            For ``interval="prediction"``. The numbers of trials of new observations: by default
            those of the rows, or the column of `newdata` that the fit had them from. Of gaussian,
            gamma and inverse Gaussian responses what divides their variance: by default 1.
        random : "all", None, str, or sequence of str
            Which random effects count: all, none (as ``level="population"``), or those of some
            grouping factors or terms. The groups of the others are not read.
        part : {"both", "random"}
            The whole predictor, or the random effects alone, with ``kind="link"``.
        uncertainty : {"all", "known variances"}
            Standard errors and intervals are of all that was estimated: coefficients and variances
            jointly, and the random effects given these. ``"known variances"`` takes the variances
            of the random effects as known.

        Returns
        -------
        ndarray, shape (rows,), or DataFrame
            With `se` or `interval` a frame: estimate, then std_error, then conf_low and conf_high,
            with the labels of the rows of `newdata`. Rows where a predictor or a group is missing
            are NaN, and so are those that are not estimable. Probabilities of ordered answers are
            a frame with a column for each answer; with `se` or `interval` one with a row for each
            row and answer, and the column answer.

        Raises
        ------
        DataError
            New levels, if these are an error; a group mean that is neither known nor given.
        OptionError
            Options that do not go together; the offset of the fit was an array, and `newdata` come
            without one; a prediction interval of single 0 or 1 responses.
        UnknownColumnError
            `newdata` have no column for a predictor, or for a group that is needed.

        Warns
        -----
        NotEstimableWarning
            Rows for which the data of the fit do not determine the mean.

        Notes
        -----
        Confidence intervals are estimate plus and minus a normal quantile times the standard error
        on the scale of the linear predictor, with its ends transformed. If the mean depends on
        more than the linear predictor (zero inflation, truncated negative binomial counts, ordered
        answers), or is marginal, the standard error is that of the transformed mean (on the scale
        of the link; of probabilities of answers on the logit scale). The variance of the linear
        predictor is z'P z + d'V d: P is the covariance of the random effects given the parameters,
        V the covariance of all estimates, and d how the predictor moves with them, through the
        coefficients and through the conditional modes. Marginal means are averages over a normal
        number; under the log, probit and identity links they are in closed form (Zeger, Liang and
        Albert 1988).

        Prediction intervals hold a new observation. They are quantiles of its distribution averaged
        over the uncertainty of the linear predictor (and over new groups); the other parameters of
        the distribution are taken as known. Their ends are counts if the response is one, and
        proportions of the trials of binomial responses; such an interval holds at least the
        probability asked for.

        References
        ----------
        Zeger, Liang and Albert (1988), Models for longitudinal data: a generalized estimating
        equation approach, Biometrics 44, 1049-1060.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> new = {"period": ["1", "4"]}
        >>> fit.predict(new, level="population", interval="confidence").round(3)
           estimate  conf_low  conf_high
        0     0.198     0.135      0.280
        1     0.048     0.021      0.106
        >>> fit.predict(new, level="marginal").round(3)
        array([0.216, 0.057])
        >>> fit.predict(new, level="population", interval="prediction", weights=20).round(2)
           estimate  conf_low  conf_high
        0      0.20       0.0       0.55
        1      0.05       0.0       0.25
        """
        from ranef.inference.generalised.prediction_options import checked_options

        asked = checked_options(
            self._family,
            self._problem.labels,
            kind=kind,
            level=level,
            new_levels=new_levels,
            interval=interval,
            confidence=confidence,
            seed=seed,
            se=se,
            random=random,
            part=part,
            uncertainty=uncertainty,
        )
        rows = self._rows_asked(newdata, offset, weights, asked)
        with one_blas_thread():
            return self._as_asked(rows, asked, newdata)

    def _rows_asked(
        self, newdata: Any, offset: Any, weights: Any, asked: GeneralisedOptions
    ) -> RowsAsked:
        from ranef.fit.generalised.new_rows import read_new_rows
        from ranef.fit.new_data import warn_not_estimable
        from ranef.inference.generalised.predict import RowsAsked
        from ranef.inference.generalised.psi import psi_and_designs
        from ranef.inference.prediction_target import target_of

        observation = asked.interval == "prediction"
        parts: tuple[str, ...] = ()
        if asked.kind != "link" or asked.marginal:
            parts = self._family.parts if observation else self._family.mean_parts
        read = read_new_rows(
            self._data,
            self._family,
            newdata,
            offset,
            weights,
            random=asked.rows.needs_random,
            groups=asked.rows.terms,
            parts=parts,
            responses=observation,
        )
        if observation:
            self._need_trials(read.weights)
        encoding = self._design.encoding
        target = target_of(
            read.table,
            encoding,
            self._problem,
            self._estimates.beta,
            self._estimates.covariances,
            lambda: self._modes,
            asked.rows,
        )
        warn_not_estimable(target.broken, encoding)
        psi, designs = psi_and_designs(
            self._problem,
            self._data,
            self._estimates.coefficients,
            parts,
            None if newdata is None else read.table,
        )
        shift = 0.0 if asked.rows.part == "random" else read.shift
        return RowsAsked(target, shift, psi, designs, read.weights)

    def _need_trials(self, trials: Any) -> None:
        """Refuse prediction intervals of single 0 or 1 responses."""
        if self._family.WEIGHTS == "trials" and (trials is None or bool(np.all(trials == 1.0))):
            raise OptionError(
                "a prediction interval of a single 0 or 1 says nothing: it is nearly always both",
                found="interval='prediction' for responses of one trial",
                fix="interval='confidence' gives that of the probability; weights= takes the "
                "number of trials of a new observation",
            )

    def _as_asked(self, rows: RowsAsked, asked: GeneralisedOptions, newdata: Any) -> Any:
        from ranef.family import Cumulative
        from ranef.inference.generalised.predict import linear_predictors, predict_quantity
        from ranef.inference.generalised.quantity import mean_of, probability_of
        from ranef.present.frames.estimates import prediction_frame

        family, levels = self._family, self._answers

        def predicted(quantity: Quantity, linked: bool) -> Prediction:
            return predict_quantity(
                rows, quantity, linked, family, self._solution, self._estimates, asked
            )

        if asked.kind in ("probability", "class"):
            from ranef.present.frames.answers import answers_frame, most_probable

            assert isinstance(family, Cumulative)
            made = [predicted(probability_of(family, k), False) for k in range(len(levels))]
            if asked.kind == "class":
                return most_probable(np.column_stack([p.estimate for p in made]), levels)
            columns = [p.columns() for p in made]
            return answers_frame(columns, levels, self._rows_index(newdata), asked.alone)
        if asked.kind == "link" and not asked.marginal:
            result = linear_predictors(rows, self._solution, self._estimates, asked)
        else:
            result = predicted(mean_of(family, len(levels)), family.MEAN_IS_LINKED)
        if asked.alone:
            return result.estimate
        return prediction_frame(result.columns(), 0.0, self._rows_index(newdata))

    @property
    def _answers(self) -> tuple[str, ...]:
        """Ordered answers, the lowest first; empty for other responses."""
        response = self._design.generalised
        if response is None or self._family.RESPONSE != "ordered":
            return ()
        return response.levels

    def _rows_index(self, newdata: Any) -> pd.Index[Any] | None:
        from ranef.frame.open import open_frame
        from ranef.present.frames.rows import frame_index

        if newdata is None:
            return frame_index(self._index, self.missing_rows)
        index: pd.Index[Any] | None = open_frame(newdata).index
        return index
