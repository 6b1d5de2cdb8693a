"""Tests and intervals by the normal distribution, of fits without degrees of freedom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ranef.errors import OptionError
from ranef.fit.mixed_record import MixedRecord
from ranef.options import one_of, shown
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.ddf import Method
    from ranef.inference.term_hypotheses import TermHypotheses

__all__ = ["LargeSample"]

KNOWN = ("auto", "asymptotic")


class LargeSample(MixedRecord):
    """What judges the fixed effects of a generalised model: Wald tests, z and chi-squared."""

    def _method(self, ddf: str, vcov: Any = None) -> Method:
        """Wald tests, whichever of its two names asks for them.

        Raises
        ------
        OptionError
            A method for degrees of freedom, or other standard errors than the model's.
        """
        from ranef.inference.ddf import NAMES
        from ranef.inference.ddf.normal import Normal

        if isinstance(ddf, str) and ddf in NAMES and ddf not in KNOWN:
            raise OptionError(
                "tests of a generalised model have no degrees of freedom",
                where=self._formula.text,
                found=f"ddf={ddf!r}",
                fix='leave ddf out, or use ddf="asymptotic"',
            )
        one_of("ddf", ddf, KNOWN, what=f"unknown method {shown(ddf)} for degrees of freedom")
        if vcov is not None:
            raise OptionError(
                "robust standard errors are for linear models",
                where=self._formula.text,
                found=f"vcov={shown(vcov)}",
                fix="leave vcov out",
            )
        return Normal(self._estimates.vcov)

    def _errors_in_words(self, vcov: Any) -> str:
        """Nothing: the standard errors are the model's."""
        return ""

    def _df_in_words(self, ddf: str, vcov: Any) -> str:
        """Nothing: there are no degrees of freedom."""
        return ""

    def _tests_in_words(self, ddf: str, vcov: Any) -> str:
        """How tests and intervals are made."""
        return "normal distribution"

    def _term_tests(self, hypotheses: TermHypotheses, method: Method) -> Mapping[str, Array]:
        """Chi-squared tests: statistic, df, p_value."""
        from ranef.inference.anova import wald_tests

        return wald_tests(hypotheses, self._estimates.beta, method)._asdict()
