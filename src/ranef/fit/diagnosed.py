"""The diagnosis of a linear mixed model, and what it fits again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.design import Data
from ranef.fit.record import FitRecord
from ranef.present.progress import progress_bar
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.diagnose.call import Call
    from ranef.inference.contextual import Look
    from ranef.inference.ddf import Method
    from ranef.present.diagnosis.facade import Diagnosis

__all__ = ["Diagnosed"]


class Diagnosed(FitRecord):
    """The method that diagnoses; it delegates to a function."""

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

    def _call(self) -> Call:
        """The call that made this fit; a prior is not among its arguments."""
        from ranef.fit.subject import call_of

        return call_of(self)

    @property
    def _look(self) -> Look:
        """What answers questions about the rows."""
        from ranef.fit.look import look_of

        return look_of(self)

    def _coefficients_of(self, data: Data) -> tuple[Array, Method]:
        """Fixed effects of the same model for another design, and what judges them."""
        from ranef.inference.fixed_effects import fixed_effects

        return fixed_effects(data, self._problem.reml, self._control)
