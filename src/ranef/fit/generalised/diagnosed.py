"""The diagnosis of a generalised mixed model."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ranef.fit.generalised.judged import Judged
from ranef.present.progress import progress_bar
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.diagnose.call import Call
    from ranef.inference.ddf import Method
    from ranef.present.diagnosis.facade import Diagnosis

__all__ = ["GeneralisedDiagnosed"]


class GeneralisedDiagnosed(Judged):
    """The method that diagnoses; it delegates to a function."""

    def diagnose(self) -> Diagnosis:
        """What is worth knowing about this fit, and a ladder of remedies, each already fitted.

        Wider families if the responses vary more than the family has it, or have more zeros; a
        random effect of each row; quadrature; a normal prior if predictors separate the responses;
        rows or predictors left out that a finding names; centring within groups; the group means
        added; another covariance structure; zero correlation; each slope left out; random
        intercepts; a prior of the covariances. For each rung: the verdict, the criterion,
        information criteria, the change of every coefficient, a test whose law minds the boundary,
        and a sentence or two of judgement.

        Returns
        -------
        Diagnosis
            ``findings``, ``summary``, ``remedies`` (a frame, one row a rung), ``to_dict()``,
            ``to_json()``; prints as a page.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("grouseticks")
        >>> fit = rn.glmm("TICKS ~ YEAR + HEIGHT + (1 | BROOD)", data, family="poisson")
        >>> diagnosis = fit.diagnose()
        >>> [finding.code for finding in diagnosis.findings if finding.severity != "note"]
        ['overdispersion']
        >>> diagnosis.remedies.loc[1, "code"].split(", ", 1)[1]
        'data, family="nbinom2")'
        """
        from ranef.fit.generalised.subject import diagnosis_of_generalised

        with progress_bar("diagnosis", 100) as tick:
            certified = self._solution.certificate.certified
            poor = self.laplace_error.finding if certified else None
            known = () if poor is None else (poor,)
            return diagnosis_of_generalised(self, self._coefficients_of, known, tick)

    def _call(self) -> Call:
        """The call that made this fit; a prior is not among its arguments."""
        from ranef.fit.generalised.subject import call_of

        return call_of(self)

    @abstractmethod
    def _coefficients_of(self, data: Any) -> tuple[Array, Method]:
        """Fixed effects of the same model for another design, and what judges them."""
