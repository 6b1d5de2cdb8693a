"""What a coefficient says, in plain words: the line under its name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ranef.diagnose.words import join
from ranef.formula.naming import column_of, factors, without_level
from ranef.present.text.words import Words
from ranef.types import INTERCEPT

__all__ = ["Meanings"]

_MOST_NAMED = 4
"""Variables whose zero is named under an intercept or a slope."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """The words for the coefficients of one model.

    Attributes
    ----------
    names : tuple of str
        Of all coefficients of the linear predictor.
    words : Words
    outcome : str
        What the intercept is a value of: the response, or ``"log odds"``.
    two_valued : frozenset of str
        Columns of numbers that are 0 or 1.
    """

    names: tuple[str, ...]
    words: Words
    outcome: str
    two_valued: frozenset[str] = frozenset()

    def of(self, name: str) -> str:
        """The line; empty if there is nothing to add to the name.

        Examples
        --------
        >>> told = Meanings(("Intercept", "ses", "sector", "ses:sector"), Words(), "math")
        >>> told.of("Intercept"), told.of("ses")
        ('math where ses = 0 and sector = 0', 'slope where sector = 0')
        >>> told.of("ses:sector")
        'change of the slope of ses for one unit more of sector'
        """
        if name == INTERCEPT:
            return self._intercept()
        parts = factors(name)
        if any(self.kind(part) == "other" for part in parts):
            return ""
        if len(parts) == 1:
            return self._main(parts[0])
        return self._product(parts) if len(parts) == 2 else ""

    def _intercept(self) -> str:
        mains = [name for name in self.names if name != INTERCEPT and len(factors(name)) == 1]
        if any(self.kind(name) == "other" for name in mains):
            return ""
        at = self._at(mains)
        return f"{self.outcome}{f' where {at}' if at else ''}"

    def _main(self, part: str) -> str:
        where = self.where(part)
        kind = self.kind(part)
        if kind == "level":
            level, base = self.levels(part)
            return f"{level} less {base}{where}" if where else ""
        if kind == "cell":
            return f"{self.outcome} at this level{where}"
        if part in self.two_valued:
            return f"1 less 0{where}"
        if part.startswith("within("):
            return f"slope among the rows of a group{where}"
        if part.startswith("between("):
            return f"slope among the means of the groups{where}"
        return f"slope{where}" if where else "change for one unit more"

    def _product(self, parts: Sequence[str]) -> str:
        first, second = sorted(parts, key=self.switches)
        if self.switches(first):  # both are differences of two
            one, other = self.difference(second)
            return f"the difference of {self.contrast(first)} where {one} less that where {other}"
        slope = self.words.variable(first)
        if self.kind(second) == "cell":
            return f"slope of {slope} at this level"
        if not self.switches(second):
            more = self.words.variable(second)
            return f"change of the slope of {slope} for one unit more of {more}"
        one, other = self.difference(second)
        return f"slope of {slope} where {one} less that where {other}"

    def difference(self, part: str) -> tuple[str, str]:
        """The two things that are compared."""
        if self.kind(part) == "level":
            label = self.label(part)
            one, other = self.levels(part)
            return f"{label} is {one}", f"{label} is {other}"
        name = self.words.variable(part)
        return f"{name} = 1", f"{name} = 0"

    def contrast(self, part: str) -> str:
        """A difference of two, in few words."""
        if self.kind(part) == "level":
            one, other = self.levels(part)
            return f"{one} and {other}"
        return f"{self.words.variable(part)} = 1 and 0"

    def switches(self, part: str) -> bool:
        return self.kind(part) in ("level", "cell") or part in self.two_valued

    def where(self, part: str) -> str:
        """At which values of the variables in its products a coefficient holds."""
        others: dict[str, None] = {}
        for name in self.names:
            own = factors(name)
            if len(own) > 1 and part in own:
                others |= dict.fromkeys(each for each in own if each != part)
        if any(self.kind(each) == "other" for each in others):
            return ""
        at = self._at(list(others))
        return f" where {at}" if at else ""

    def _at(self, parts: Sequence[str]) -> str:
        """The zero of numbers, and the reference level of categories."""
        at: dict[str, None] = {}
        for part in parts:
            kind = self.kind(part)
            if kind == "level":
                label = self.label(part)
                at[f"{label} is {self.levels(part)[1]}"] = None
            elif kind == "cell":
                continue
            elif part.startswith("within("):
                at[f"{self._inside(part)} is at the mean of its group"] = None
            else:
                at[f"{self.words.variable(part)} = 0"] = None
        if len(at) > _MOST_NAMED:
            return "every other predictor is 0 or at its reference level"
        return join(list(at))

    def _inside(self, part: str) -> str:
        return self.words.variable(part.partition("(")[2].partition(",")[0].strip())

    def kind(self, part: str) -> str:
        """``"number"``, ``"level"`` compared with a reference, ``"cell"``, or ``"other"``."""
        variable = without_level(part)
        category = self.words.categories.get(variable)
        inside = part[len(variable) :]
        if category is not None and inside.startswith("["):
            if inside.startswith("[T."):
                return "level"
            return "other" if inside[2:3] == "." else "cell"
        if inside.startswith("["):
            return "other"
        if column_of(part) is not None or part.startswith(("within(", "between(")):
            return "number"
        return "number" if part.startswith(("log(", "log2(", "log10(", "I(", "scale(")) else "other"

    def label(self, part: str) -> str:
        variable = without_level(part)
        category = self.words.categories[variable]
        return self.words.variable(category.column)

    def levels(self, part: str) -> tuple[str, str]:
        variable = without_level(part)
        category = self.words.categories[variable]
        names = category.levels.names
        last = names[-1] if category.contrast.kind == "SAS" else names[0]
        level = part[len(variable) + 3 : -1].strip("`").replace("``", "`")
        return level, category.contrast.base or last


def two_valued(columns: Collection[str], frame: object) -> frozenset[str]:
    """Columns of numbers that take the values 0 and 1 and no others."""
    import numpy as np
    import pandas as pd

    assert isinstance(frame, pd.DataFrame)
    found = set()
    for name in columns:
        if name in frame.columns and pd.api.types.is_numeric_dtype(frame[name]):
            values = np.unique(frame[name].to_numpy(dtype=float))
            if values.size == 2 and values[0] == 0.0 and values[1] == 1.0:
                found.add(name)
    return frozenset(found)
