"""What stands under an estimate: the usual lines by name, or a template."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.options import one_of, shown

__all__ = ["FIELDS", "P_VALUE", "T_TEST", "Part", "Template", "read_statistic"]

FIELDS = ("estimate", "stars", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
T_TEST, P_VALUE = "=t", "=p"  # "t = 3.21" and "p < 0.001", which no template can spell

_PRESETS = {
    "se": "({std_error})",
    "ci": "[{conf_low}, {conf_high}]",
    "t": T_TEST,
    "p": P_VALUE,
    "none": "",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Text, then the number or stars of a field (empty at the end of a line).

    `spec` is the number's format, as in ``{df:.0f}``.
    """

    text: str
    field: str = ""
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One line of a cell; `preset` is its name, empty for a user's own."""

    parts: tuple[Part, ...]
    preset: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(part.field for part in self.parts if part.field)


def read_statistic(value: Any) -> tuple[Template, ...]:
    """The lines under an estimate; the empty tuple for none.

    Raises
    ------
    OptionError
        A name or a template that cannot be read.
    """
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, Sequence) or isinstance(lines, bytes):
        one_of("statistic", value, tuple(_PRESETS))
    made = [_template(line) for line in lines]
    return tuple(template for template in made if template.parts)


def _template(line: Any) -> Template:
    if not isinstance(line, str) or "{" not in line:
        preset = one_of(
            "statistic",
            line,
            tuple(_PRESETS),
            fix=""
            if isinstance(line, str) and line
            else f"use one of {', '.join(_PRESETS)}, or a "
            'template such as "[{conf_low}, {conf_high}]"',
        )
        text = _PRESETS[preset]
        return Template((Part("", text),), preset) if text.startswith("=") else _read(text, preset)
    return _read(line)


def _read(text: str, preset: str = "") -> Template:
    try:
        found = list(string.Formatter().parse(text))
        if any(conversion for *_, conversion in found):
            raise ValueError("a conversion with !")
    except ValueError as error:
        raise OptionError(
            "the template of a statistic cannot be read",
            found=f"statistic={shown(text)}: {error}",
            fix='as in "[{conf_low}, {conf_high}]"; a brace that is printed is doubled',
        ) from None
    parts = []
    for literal, name, spec, _ in found:
        if name is not None and name not in FIELDS:
            raise OptionError(
                f"a template has no field {shown(name)}",
                found=f"statistic={shown(text)}",
                fix=suggestion(name, FIELDS) or f"the fields are {', '.join(FIELDS)}",
            )
        parts.append(Part(literal, name or "", _checked(spec, text) if spec else ""))
    return Template(tuple(parts), preset)


def _checked(spec: str, text: str) -> str:
    try:
        format(0.5, spec)
    except ValueError:
        raise OptionError(
            "the format of a number in a template cannot be read",
            found=f"statistic={shown(text)}",
            fix='as in "{df:.0f}"',
        ) from None
    return spec
