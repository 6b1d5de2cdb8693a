"""What a fit says of itself: its diagnosis, and effects between groups beside those within."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.fit.record import FitRecord
from ranef.present.progress import progress, progress_bar

if TYPE_CHECKING:
    from ranef.inference.contextual import Contextual
    from ranef.present.diagnosis.facade import Diagnosis

__all__ = ["Explained"]


class Explained(FitRecord):
    """The methods that explain a fit; each delegates to a function."""

    @progress("fitting the slopes within and between groups")
    def contextual(self, variable: str, by: str | None = None) -> Contextual:
        """The slope of a predictor between groups less its slope within them, with a test.

        Parameters
        ----------
        variable : str
            A number of the fixed part that varies within groups and between their means. The
            model is fitted once more with ``within(x, g)`` and ``between(x, g)`` in its place,
            unless it holds both; priors play no part in that.
        by : str, optional
            The grouping factor, where the predictor varies between levels of several.

        Returns
        -------
        Contextual
            ``within``, ``between`` and ``estimate``, their difference, each with a standard error;
            a test; prints as a sentence.

        Raises
        ------
        OptionError
            The predictor has no two slopes in this model.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
        >>> effect = fit.contextual("ses")
        >>> round(effect.between, 2), round(effect.within, 2), round(effect.estimate, 2)
        (5.78, 2.79, 2.99)
        """
        from ranef.inference.contextual import contextual

        return contextual(self._formula, self._data, self._problem.reml, variable, by)

    def diagnose(self) -> Diagnosis:
        """What is worth knowing about this fit, and a ladder of remedies, each already fitted.

        Searches from other starts; rows or predictors left out that a finding names; centring
        within groups; the group means added; another covariance structure; zero correlation; the
        rank that the data support; each slope left out; random intercepts; a prior. For each rung:
        the verdict, the criterion, information criteria by ML, the change of every coefficient,
        a test whose law minds the boundary, and a sentence or two of judgement.

        Returns
        -------
        Diagnosis
            ``findings``, ``summary``, ``remedies`` (a frame, one row a rung), ``to_dict()``,
            ``to_json()``; prints as a page.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.diagnose().remedies[["rung", "verdict"]]
                        rung           verdict
        0           as-asked  interior optimum
        1       other-starts  interior optimum
        2   zero-correlation  interior optimum
        3  random-intercepts  interior optimum
        4              prior  interior optimum
        """
        from ranef.fit.subject import diagnosis_of

        self._need_random("fit.diagnose()", "fit a model with rn.lmm(formula, data)")

        with progress_bar("diagnosis", 100) as tick:
            return diagnosis_of(self, tick)
