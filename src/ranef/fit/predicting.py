"""Predictions of a fit, for its own rows or new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ranef.core import one_blas_thread
from ranef.errors import OptionError
from ranef.fit.by_row import ByRow
from ranef.fit.record import FitRecord
from ranef.frame.open import open_frame
from ranef.present.progress import progress, progress_bar
from ranef.streams import is_streamed

if TYPE_CHECKING:
    from ranef.inference.predict import Prediction
    from ranef.inference.prediction_options import PredictionOptions
    from ranef.inference.prediction_target import Target

__all__ = ["Predicting"]


class Predicting(FitRecord, ByRow):
    """The method that predicts; it delegates to functions."""

    def predict(
        self,
        newdata: Any = None,
        level: Literal["conditional", "population"] = "conditional",
        new_levels: Literal["error", "population", "sample"] = "error",
        interval: Literal["confidence", "prediction"] | None = None,
        confidence: float = 0.95,
        seed: int | None = None,
        *,
        se: bool | Literal["corrected"] = False,
        ddf: str = "auto",
        offset: Any = None,
        random: str | Sequence[str] | None = "all",
        part: Literal["both", "random"] = "both",
        uncertainty: Literal["all", "known variances"] = "all",
        method: Literal["wald", "integrated", "bootstrap"] = "wald",
        n: int | None = None,
        to: Any = None,
    ) -> Any:
        """Predicted means, for the rows of the fit or for new rows.

        A prediction does not depend on the other rows of `newdata`.

        Parameters
        ----------
        newdata : data frame, or what ``rn.scan`` takes, optional
            The predictors; the grouping factors too for conditional predictions. Terms
            ``within(x, g)`` and ``between(x, g)`` use the group means of the fit. For other groups,
            or rows without a group, `newdata` has a column ``between(x, g)`` with the mean.
        level : {"conditional", "population"}
            With the random effects of the rows' groups, or with random effects of zero.
        new_levels : {"error", "population", "sample"}
            What to do with levels that the fit has not seen: raise an error, predict with random
            effects of zero, or draw their random effects, once for each level.
        interval : {"confidence", "prediction"}, optional
            Of the mean, or of a new observation (of new groups in those random effects that do not
            count). With ``new_levels="sample"`` the interval is around the mean over the groups
            that could have been drawn.
        confidence : float
            Of the interval.
        seed : int, optional
            For ``new_levels="sample"``, and for the draws of `method`.
        se : bool or "corrected"
            Whether standard errors of the predicted means are returned too: roots of the prediction
            error variance at the estimated variances. ``"corrected"`` also counts the error of the
            estimated variances (Prasad and Rao 1990).
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Degrees of freedom of the quantiles, as in :meth:`coefficients`.
        offset : str, array-like or float, optional
            Takes the place of the argument `offset` of the fit: a column of `newdata`, one number
            for each row, or one for all. It is needed if the fit had an array and `newdata` are
            given.
        random : "all", None, str, or sequence of str
            Which random effects count: all, none (as ``level="population"``), or those of some
            grouping factors or terms, as ``["batch"]``. The groups of the others are not read.
        part : {"both", "random"}
            The whole mean, or the random effects alone.
        uncertainty : {"all", "known variances"}
            With ``"all"`` the degrees of freedom of an interval with random effects, or of an
            observation, count that a variance estimated as small, or as zero, may not be so: they
            come from the expected information of the variances themselves, and are at least 2.
            ``"known variances"`` takes variances estimated as zero as known.
        method : {"wald", "integrated", "bootstrap"}
            Standard error times a quantile of t; or quantiles of the predictions over all values of
            the variances that the data allow; or quantiles of the errors, over their standard
            errors, of predictions from refits to simulated responses (not for singular fits: there
            it draws groups without effects).
            Only ``"wald"`` uses `ddf` and `uncertainty`.
        n : int, optional
            Draws of ``"integrated"`` with several parameters of variances (400), refits of
            ``"bootstrap"`` (500).
        to : str or path, optional
            A file, ``.parquet`` or ``.csv``, for the predictions: a batch of rows at a time, in the
            order of the rows. `newdata` that are not in memory need it. A file of this name is
            replaced. It is never half-written.

        Returns
        -------
        ndarray, shape (rows,), or DataFrame, or Path of the file
            With `se` or `interval` a frame: estimate, then std_error, then conf_low and conf_high,
            with the labels of the rows of `newdata`. Rows where a predictor or a group is missing
            are NaN, and so are those that are not estimable.

        Raises
        ------
        DataError
            New levels, where these are an error; a group mean that is neither known nor given.
        OptionError
            The offset of the fit was an array, and `newdata` come without one; options that do not
            go together.
        UnknownColumnError
            `newdata` have no column for a predictor, or for a group that is needed.

        Warns
        -----
        NotEstimableWarning
            Rows for which the data of the fit do not determine the mean: a combination of levels
            that they do not hold, or values off the line on which they are collinear.
        ApproximationWarning
            Crossed factors too large for the expected information: the observed one along the face
            of the parameter space serves instead. Few effective draws.

        References
        ----------
        Henderson (1975), Best linear unbiased estimation and prediction under a selection model,
        Biometrics 31, 423-447. Searle (1971), Linear Models, section 5.4 (estimable functions).
        Prasad and Rao (1990), The estimation of the mean squared error of small-area estimators,
        Journal of the American Statistical Association 85, 163-171.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.predict({"Days": [0, 9]}, level="population", se=True).round(2)
           estimate  std_error
        0    251.41       6.82
        1    345.61      14.63
        """
        from ranef.fit.new_data import read_for_prediction, warn_not_estimable
        from ranef.inference.prediction_options import PredictionOptions, chosen_terms
        from ranef.inference.prediction_target import target_of

        terms = chosen_terms(random, level, self._problem.labels)
        options = PredictionOptions(
            level,
            new_levels,
            interval,
            confidence,
            seed,
            se,
            ddf,
            terms,
            part,
            uncertainty,
            method,
            n,
        )
        if to is not None or is_streamed(newdata):
            asked = {
                "level": level,
                "new_levels": new_levels,
                "interval": interval,
                "confidence": confidence,
                "seed": seed,
                "se": se,
                "ddf": ddf,
                "offset": offset,
                "random": random,
                "part": part,
                "uncertainty": uncertainty,
                "method": method,
                "n": n,
            }
            return self._predict_to(newdata, to, asked)
        encoding = self._design.encoding
        table, shift = read_for_prediction(
            newdata,
            self._table,
            encoding,
            self._data.offset_name,
            offset,
            options.needs_random,
            terms,
            self._residual_reads if interval == "prediction" else (),
        )
        spread = self._residual_spread(table) if interval == "prediction" else 1.0
        if part == "random":
            shift = 0.0
        target = target_of(
            table,
            encoding,
            self._problem,
            self._estimates.beta,
            self._estimates.covariances,
            lambda: self._modes,
            options,
            spread,
        )
        if interval is None and not se:
            warn_not_estimable(target.broken, encoding)
            return target.estimate + shift
        # Many small products: several threads in each would wait for one another.
        with one_blas_thread():
            result = self._predicted(target, options)
        warn_not_estimable(result.broken, encoding)
        from ranef.present.frames.estimates import prediction_frame
        from ranef.present.frames.rows import frame_index

        if newdata is None:
            index = frame_index(self._index, self.missing_rows)
        else:
            index = open_frame(newdata).index
        return prediction_frame(result.columns(), shift, index)

    def _predict_to(self, newdata: Any, to: Any, options: Mapping[str, Any]) -> Path:
        """Predictions of rows that are not in memory, in a file."""
        from ranef.fit.passes import predict_to, source_of
        from ranef.inference.simulate import draw_key

        if to is None:
            raise OptionError(
                "predictions of rows that are not in memory go to a file",
                found="to=None",
                fix='name one: fit.predict(source, to="predictions.parquet")',
            )
        if options["offset"] is not None and not isinstance(options["offset"], str | int | float):
            raise OptionError(
                "an array of offsets belongs to rows in memory",
                found=f"offset of type {type(options['offset']).__name__}, with to=",
                fix="name a column of the rows, or give one number for all",
            )
        seed = options["seed"]
        if options["new_levels"] == "sample" and seed is None:
            options = {**options, "seed": draw_key(None)}  # a level has one draw in all batches
        if newdata is not None:
            rows = source_of(newdata)
        elif self._elsewhere is not None:
            rows = self._elsewhere.rows()
        else:
            rows = source_of(self.model_frame())
        with progress("predicting"):
            return predict_to(self, rows, to, lambda frame: self.predict(frame, **options))

    def _predicted(self, target: Target, options: PredictionOptions) -> Prediction:
        """The means with errors and intervals by the method asked for."""
        from ranef.inference.predict import predict

        if options.method == "integrated":
            from ranef.inference.predict_integrated import predict_integrated

            with progress("integrating over the variances"):
                return predict_integrated(target, self._problem, self._solution, options)
        if options.method == "bootstrap":
            from ranef.inference.predict_bootstrap import predict_bootstrap

            with progress_bar("bootstrap", options.draws) as tick:
                return predict_bootstrap(
                    target,
                    self._problem,
                    self._solution,
                    self._design,
                    self._estimates,
                    self._weights,
                    self._control,
                    options,
                    tick,
                )
        return predict(target, self._row_variances, lambda: self._method(options.ddf), options)
