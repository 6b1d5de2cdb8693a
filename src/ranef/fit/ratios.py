"""Tests between fits: which fits they take, what they give, and the bar that they report to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple

from ranef.errors import OptionError
from ranef.page.phrases import count
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.fit.mixed_fit import MixedFit

__all__ = ["Bar", "Ratios", "need_two_of_a_kind"]

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Makes a progress bar of a text and the number of its steps."""


class Ratios(NamedTuple):
    """One entry for each model, the smallest first; the first one has no test."""

    formulas: tuple[str, ...]
    npar: Array
    aic: Array
    bic: Array
    loglik: Array
    deviance: Array
    statistic: Array
    df: Array
    p_value: Array
    law: tuple[str, ...]


def need_two_of_a_kind(fits: Sequence[MixedFit]) -> None:
    """Refuse a single model, and likelihood ratios between linear and generalised models.

    Raises
    ------
    OptionError
    """
    if len(fits) < 2:
        raise OptionError(
            "rn.anova compares two models or more",
            found=count(len(fits), "model"),
            fix="as in rn.anova(m1, m2); the terms of a single model are tested by fit.anova(), "
            "fit.drop1() and fit.ranova()",
        )
    if len({type(fit) for fit in fits}) > 1:
        raise OptionError(
            "rn.anova compares models of one kind",
            found="; ".join(f"{fit._kind.lower()} {fit.formula}" for fit in fits),
            fix="rn.compare(m1, m2) puts them side by side",
        )
