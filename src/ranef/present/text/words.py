"""What readers call the variables, coefficients and variances of a model.

A fit knows them by the texts of its formula: ``sex[T.F]``, ``Days``, the group ``Subject``. Readers
know the words they were given as labels, see the reference level of a category, and read a product
with its sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ranef.design.state import Category
from ranef.formula.functions import CENTRING
from ranef.formula.naming import column_of, columns_of, factors, without_level
from ranef.options import mapping, shown, text
from ranef.present.text.names import spell
from ranef.types import INTERCEPT

__all__ = ["Words", "centring_of"]

TIMES = " \N{MULTIPLICATION SIGN} "


@dataclass(frozen=True, slots=True)
class Words:
    """From the texts of a formula to words.

    Attributes
    ----------
    labels : mapping of str to str
        Words by column, by the text of a call, or by the name of a coefficient.
    categories : mapping of str to Category
        By the text of the factor, as the model has learnt them.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)

    def also(self, labels: Mapping[str, str] | None) -> Words:
        """With further labels, which go before those that are known.

        Raises
        ------
        OptionError
            Not a mapping of names to words.
        """
        if labels is None:
            return self
        what, example = "labels are words by name", 'use a dict, as in labels={"ses": "SES"}'
        for name, words in mapping("labels", labels, what, example).items():
            text(f"the label of {shown(name)}", words)
        return replace(self, labels={**self.labels, **labels})

    def variable(self, name: str) -> str:
        """A column, or a call such as ``log(x)``.

        >>> Words({"ses": "SES"}).variable("ses"), Words().variable("sector")
        ('SES', 'sector')
        """
        if name in self.labels:
            return self.labels[name]
        call = centring_of(name)
        if call is None:
            return name
        x, group = call
        among = self.group(group)
        which = f"{among} mean" if name.startswith("between") else f"within {among}"
        return f"{self.variable(x)} ({which})"

    def group(self, label: str) -> str:
        """A grouping factor.

        >>> Words({"sch": "School"}).group("class:sch")
        'class:School'
        """
        if label in self.labels:
            return self.labels[label]
        if not any(name in self.labels for name in columns_of(label)):
            return label
        return ":".join(self.labels.get(name, name) for name in columns_of(label))

    def coefficient(self, name: str) -> str:
        """A coefficient, with the reference level of each category.

        A product of plain columns without labels keeps the formula's colon.

        >>> words = Words({"ses": "SES"})
        >>> words.coefficient("Intercept"), words.coefficient("ses:sector")
        ('(Intercept)', 'SES × sector')
        >>> Words().coefficient("ses:sector")
        'ses:sector'
        """
        if name in self.labels:
            return self.labels[name]
        if name == INTERCEPT:
            return spell(name)
        parts = factors(name)
        said = [self._factor(part) for part in parts]
        return name if said == list(parts) else TIMES.join(said)

    def spread(self, kind: str, group: str, effects: Sequence[str]) -> str:
        """A variance, SD, covariance or correlation of random effects.

        Parameters
        ----------
        kind : str
            The word in front: ``"SD"``, ``"Variance"``, ``"Correlation"``.
        group : str
            The label of the term.
        effects : sequence of str
            Coefficients: one, or two.

        Examples
        --------
        >>> Words({"Days": "Days of deprivation"}).spread("SD", "Subject", ["Days"])
        'SD of slopes of Days of deprivation, Subject'
        >>> Words().spread("Correlation", "Subject", ["Intercept", "Days"])
        'Correlation of intercepts and slopes of Days, Subject'
        """
        return f"{kind} of {' and '.join(map(self.effect, effects))}, {self.group(group)}"

    def effect(self, name: str) -> str:
        """What varies between groups: intercepts, the slopes of a number, a level.

        >>> Words().effect("Intercept"), Words().effect("Days")
        ('intercepts', 'slopes of Days')
        """
        if name == INTERCEPT:
            return "intercepts"
        said = self.coefficient(name)
        levels = any(without_level(part) in self.categories for part in factors(name))
        return said if levels else f"slopes of {said}"

    def _factor(self, factor: str) -> str:
        """One factor of a product: a column, a call, or a level of a category."""
        variable = without_level(factor)
        category = self.categories.get(variable)
        inside = factor[len(variable) :]
        if category is None or not inside.startswith("["):
            said = self.variable(column_of(factor) or variable)
            return factor if said in (column_of(factor), variable) else said + inside
        name = self.labels.get(variable, self.labels.get(category.column, category.column))
        return f"{name}: {_level(inside[1:-1], category)}"


def _level(code: str, category: Category) -> str:
    """The level behind the code of a contrast, and what it is compared with."""
    letter, dot, rest = code.partition(".")
    levels, kind = category.levels.names, category.contrast.kind
    coded = bool(dot) and (letter in ("T", "S", "H", "D") or (not letter and kind == "poly"))
    text = rest if coded else code
    if text.startswith("`") and text.endswith("`"):
        text = text[1:-1].replace("``", "`")
    if not coded:
        return text
    if letter == "T":
        last = levels[-1] if kind == "SAS" else levels[0]
        return f"{text} (vs {category.contrast.base or last})"
    if letter == "S":
        return f"{text} (vs mean of levels)"
    if letter == "H":
        return f"{text} (vs mean of levels before)"
    if letter == "D" and text in levels and levels.index(text) > 0:
        return f"{text} (vs {levels[levels.index(text) - 1]})"
    return {"L": "linear", "Q": "quadratic", "C": "cubic"}.get(text, text)


def centring_of(text: str) -> tuple[str, str] | None:
    """The variable and the grouping factor of ``within(x, g)`` and ``between(x, g)``.

    The text is that of a coefficient, in which a name with blanks may stand without backticks.

    >>> centring_of("within(`a,b`, school id)"), centring_of("within(log(x), a, b)")
    (('a,b', 'school id'), ('log(x)', 'a:b'))
    """
    if not text.startswith(tuple(f"{name}(" for name in CENTRING)) or not text.endswith(")"):
        return None
    x, *groups = _arguments(text.partition("(")[2][:-1])
    if not groups or any("=" in part.replace("==", "") for part in groups):
        return None
    return column_of(x) or x, ":".join(groups)


def _arguments(text: str) -> list[str]:
    """What stands between the commas of a call."""
    parts, depth, quoted = [""], 0, False
    for char in text:
        quoted ^= char == "`"
        depth += 0 if quoted else (char in "([") - (char in ")]")
        if char == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]
