"""What the training rows taught: levels, contrasts, group means, transformations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ranef.design.cuts import Cuts
from ranef.design.fixed import Contrast
from ranef.design.levels import Levels

if TYPE_CHECKING:
    from ranef.design.means import GroupMeans

__all__ = ["Category", "State"]


@dataclass(frozen=True, slots=True)
class Category:
    """A factor of the fixed or the random part: its column, levels and contrast.

    With `cuts` the levels are intervals of a column of numbers.
    """

    column: str
    levels: Levels
    contrast: Contrast
    cuts: Cuts | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Everything needed to evaluate the formula's expressions on other rows.

    Attributes
    ----------
    formula : str
        The formula's text, for messages.
    kinds : mapping of str to str
        ``"number"`` or ``"factor"`` for each column used.
    categories : mapping of str to Category
        By the text of the factor: ``"sex"``, ``"C(f, contr.sum)"``.
    means : mapping of str to GroupMeans
        By the text of the call: ``"within(ses, sch.id)"``.
    transforms : mapping of str to dict
        By the text of the call: ``"poly(x, 2)"``.
    labels : mapping of str to str
        What readers call a variable, by its column.
    """

    formula: str
    kinds: Mapping[str, str]
    categories: Mapping[str, Category] = field(default_factory=dict, repr=False)
    means: Mapping[str, GroupMeans] = field(default_factory=dict, repr=False)
    transforms: Mapping[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
