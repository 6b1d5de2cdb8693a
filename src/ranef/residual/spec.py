"""The meaning of a text such as ``strata(Sex)`` or ``ar1(time | g)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ranef.errors import UnknownColumnError, suggestion
from ranef.formula.naming import in_formula
from ranef.formula.nodes import Name
from ranef.formula.position import pointer

__all__ = ["ResidualSpec", "check_residual_columns", "text_of"]


@dataclass(frozen=True, slots=True)
class ResidualSpec:
    """A structure of the residuals as it was asked for.

    Attributes
    ----------
    kind : str
        ``"strata"`` or ``"ar1"``.
    text : str
        As it is written, without surrounding spaces.
    variables : tuple of Name
        Left of the bar, or all there are.
    group : tuple of Name
        Right of the bar: columns whose combinations are the groups.
    """

    kind: str
    text: str
    variables: tuple[Name, ...]
    group: tuple[Name, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are read, each once."""
        return tuple(dict.fromkeys(name.name for name in (*self.variables, *self.group)))

    @property
    def group_label(self) -> str:
        """``"a:b"``."""
        return ":".join(in_formula(name.name) for name in self.group)

    def where(self, name: Name) -> str:
        """The text with carets under one of its names."""
        return pointer(self.text, name.span)

    def same_as(self, other: ResidualSpec) -> bool:
        """Whether both ask for the same, however it is spelt."""
        return (self.kind, self.variables, self.group) == (
            other.kind,
            other.variables,
            other.group,
        )


def text_of(kind: str, variables: Sequence[str], group: Sequence[str] = ()) -> str:
    """The text that asks for a structure.

    Examples
    --------
    >>> text_of("strata", ["Sex"]), text_of("ar1", ["week no"], ["Rat"])
    ('strata(Sex)', 'ar1(`week no` | Rat)')
    """
    inside = ", ".join(map(in_formula, variables))
    if group:
        inside += f" | {':'.join(map(in_formula, group))}"
    return f"{kind}({inside})"


def check_residual_columns(spec: ResidualSpec, names: Sequence[str]) -> None:
    """Raise if a structure names a column that does not exist.

    Raises
    ------
    UnknownColumnError
        For the first such name; carets mark it.
    """
    for name in (*spec.variables, *spec.group):
        if name.name not in names:
            shown = ", ".join(list(names)[:30])
            raise UnknownColumnError(
                f"unknown column '{name.name}' in the residual structure",
                where=spec.where(name),
                found=f"columns {shown}",
                fix=suggestion(name.name, names) or "name a column of the data",
            )
