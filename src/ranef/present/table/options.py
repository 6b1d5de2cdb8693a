"""The options of a table of models: one frozen record, checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ranef.errors import OptionError
from ranef.options import boolean, confidence, name_list, one_of, real, shown, text, whole
from ranef.present.table.columns_given import headings_of, spanners_of
from ranef.present.table.gof import GOF
from ranef.present.table.record import Spanner
from ranef.present.table.spreads import SCALES, Scale
from ranef.present.table.statistic import P_VALUE, T_TEST, Template, read_statistic
from ranef.present.table.styles import STYLES, Style
from ranef.present.text.names import one_line, spell
from ranef.present.text.numbers import LEGEND
from ranef.types import INTERCEPT

__all__ = ["Added", "TableOptions", "table_options"]

Value = float | int | str | None
Pattern = str | re.Pattern[str]

_MARKS = tuple((mark, bound) for bound, mark in LEGEND)
_STANDARDISED = ("refit", "within", "basic", None)


@dataclass(frozen=True, slots=True)
class Added:
    """A row of the user's own."""

    label: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What a table of models shows, and how.

    Attributes
    ----------
    headings : tuple of str
        One for each model.
    words : mapping of str to str
        What readers call columns, calls and coefficients.
    spanners : tuple of Spanner
    scale : {"variance", "sd"}
    ic : {"ml", "as-fitted"}
    ddf : str
    level : float
        Of intervals.
    vcov : tuple
        Standard errors of each model, None for its own.
    standardize : {"refit", "within", "basic"} or None
    exponentiate : bool
    coef_map : tuple of (str, str or None) or None
        Names of coefficients, and the rows that they are shown in; None for the row of the name.
    keep, drop : tuple of str or Pattern
    statistic : tuple of Template
    stars : tuple of (str, float)
        Marks and the p values below which they stand, the smallest first.
    digits : int or None
        Decimals; None for what the standard errors need.
    gof : tuple of (str, str or None) or None
        Names of statistics of the whole model, and the words for them.
    random : bool
        Whether variances are shown.
    add_rows : tuple of Added
    notes : tuple of str
        The user's own.
    automatic_notes : bool
    style : Style
    caption : str
    """

    headings: tuple[str, ...]
    words: Mapping[str, str]
    spanners: tuple[Spanner, ...]
    scale: Scale
    ic: Literal["ml", "as-fitted"]
    ddf: str
    level: float
    vcov: tuple[Any, ...]
    standardize: Literal["refit", "within", "basic"] | None
    exponentiate: bool
    coef_map: tuple[tuple[str, str | None], ...] | None
    keep: tuple[Pattern, ...]
    drop: tuple[Pattern, ...]
    statistic: tuple[Template, ...]
    stars: tuple[tuple[str, float], ...]
    digits: int | None
    gof: tuple[tuple[str, str | None], ...] | None
    random: bool
    add_rows: tuple[Added, ...]
    notes: tuple[str, ...]
    automatic_notes: bool
    style: Style
    caption: str

    @property
    def more(self) -> tuple[str, ...]:
        """Numbers of a coefficient that are printed beside its estimate and standard error."""
        used = {name for template in self.statistic for name in template.fields}
        used |= {"statistic"} if T_TEST in used else set()
        used |= {"p_value"} if P_VALUE in used else set()
        return tuple(
            name for name in ("statistic", "df", "p_value", "conf_low", "conf_high") if name in used
        )

    @property
    def own_headings(self) -> bool:
        """Whether the columns have names beside their numbers."""
        return self.headings != headings_of(None, (), len(self.headings))


def table_options(
    n: int,
    *,
    headings: Sequence[str] = (),
    labels: Any = None,
    spanners: Any = None,
    scale: Any = "variance",
    ic: Any = "ml",
    ddf: Any = "auto",
    level: Any = 0.95,
    vcov: Any = None,
    standardize: Any = None,
    exponentiate: Any = False,
    coef_map: Any = None,
    keep: Any = None,
    drop: Any = None,
    statistic: Any = None,
    stars: Any = None,
    digits: Any = None,
    gof: Any = None,
    random: Any = True,
    add_rows: Any = None,
    notes: Any = None,
    style: Any = "default",
    caption: Any = "",
) -> TableOptions:
    """The options as they were given, checked; `n` is the number of models.

    Parameters
    ----------
    n : int
    headings : sequence of str
        Of models that were given by name.
    **others
        As in ``rn.compare``.

    Raises
    ------
    OptionError
        A value outside of what an option accepts.
    """
    made = STYLES[one_of("style", style, tuple(STYLES))]
    heads = tuple(map(one_line, headings_of(labels, headings, n)))
    automatic = not (isinstance(notes, bool) and not notes)
    return TableOptions(
        headings=heads,
        words=_words(labels) if isinstance(labels, Mapping) else {},
        spanners=spanners_of(spanners, heads),
        scale=one_of("scale", scale, SCALES),
        ic=one_of("ic", ic, ("ml", "as-fitted")),
        ddf=text("ddf", ddf),
        level=confidence("level", level),
        vcov=_each(vcov, n),
        standardize=one_of("standardize", standardize, _STANDARDISED),
        exponentiate=boolean("exponentiate", exponentiate),
        coef_map=_coef_map(coef_map),
        keep=_patterns("keep", keep),
        drop=_patterns("drop", drop),
        statistic=read_statistic(list(made.statistic) if statistic is None else statistic),
        stars=_stars(made.stars if stars is None else stars),
        digits=None
        if digits is None
        else whole("digits", digits, least=0, most=12, of="the number of decimals"),
        gof=_gof(gof),
        random=boolean("random", random),
        add_rows=_added(add_rows, heads),
        notes=_notes(notes) if automatic else (),
        automatic_notes=automatic,
        style=made,
        caption=one_line(text("caption", caption)),
    )


def _words(labels: Mapping[Any, Any]) -> dict[str, str]:
    if not all(isinstance(x, str) for pair in labels.items() for x in pair):
        raise OptionError(
            "labels are words by column or coefficient, or a list of headings",
            found=f"labels={shown(dict(labels))}",
            fix='as in labels={"ses": "SES"} or labels=["raw", "centred"]',
        )
    return {
        INTERCEPT if name == spell(INTERCEPT) else name: words for name, words in labels.items()
    }


def _each(vcov: Any, n: int) -> tuple[Any, ...]:
    """One entry for each model, from one for all or a list."""
    if not isinstance(vcov, (list, tuple)):
        return (vcov,) * n
    if len(vcov) != n:
        raise OptionError(
            "vcov must have one entry for each model, or be one for all",
            found=f"{len(vcov)} for {n} models",
            fix='as in vcov=[None, "CR2"] for two models',
        )
    return tuple(vcov)


def _coef_map(value: Any) -> tuple[tuple[str, str | None], ...] | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        pairs = list(value.items())
        if not all(isinstance(a, str) and isinstance(b, str) and b for a, b in pairs):
            raise OptionError(
                "coef_map gives the row of each coefficient",
                found=f"coef_map={shown(dict(value))}",
                fix='as in coef_map={"ses": "SES", "ses_within": "SES"}',
            )
        return tuple(pairs)
    return tuple((name, None) for name in name_list("coef_map", value, "coefficient"))


def _patterns(option: str, value: Any) -> tuple[Pattern, ...]:
    if value is None:
        return ()
    if isinstance(value, re.Pattern):
        return (value,)
    if isinstance(value, (list, tuple)) and any(isinstance(x, re.Pattern) for x in value):
        return tuple(
            entry if isinstance(entry, re.Pattern) else name_list(option, entry, "coefficient")[0]
            for entry in value
        )
    return name_list(option, value, "coefficient")


def _stars(value: Any) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, Mapping):
        fix = 'stars=True, stars=False, or as in stars={"*": 0.05, "**": 0.01}'
        return _MARKS if boolean("stars", value, fix=fix) else ()
    if not all(isinstance(mark, str) and mark.strip() for mark in value):
        raise OptionError(
            "stars gives each mark the p value below which it stands",
            found=f"stars={shown(dict(value))}",
            fix='as in stars={"*": 0.05, "**": 0.01}',
        )
    bounds = {
        mark: real("stars", bound, above=0.0, below=1.0, fix='as in stars={"*": 0.05}')
        for mark, bound in value.items()
    }
    return tuple(sorted(bounds.items(), key=lambda pair: pair[1]))


def _gof(value: Any) -> tuple[tuple[str, str | None], ...] | None:
    if value is None:
        return None
    if isinstance(value, bool) and not value:
        return ()
    if isinstance(value, (list, tuple)) and not value:
        return ()
    words: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    names = tuple(value) if words else name_list("gof", value, "statistic of the model")
    for name in names:
        one_of("gof", name.lower() if isinstance(name, str) else name, tuple(GOF))
        if words and not isinstance(words[name], str):
            raise OptionError(
                "gof names statistics of the model, or gives words for them",
                found=f"gof={shown(dict(words))}",
                fix='as in gof=["nobs", "aic"] or gof={"nobs": "Pupils"}',
            )
    return tuple((name.lower(), words.get(name)) for name in names)


def _added(value: Any, headings: Sequence[str]) -> tuple[Added, ...]:
    if value is None:
        return ()
    fix = f'as in add_rows={{"Controls": {["no"] * len(headings)}}}'
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise OptionError(
            "add_rows gives each row a value for each model",
            found=f"add_rows={shown(value)}",
            fix=fix,
        )
    return tuple(Added(label, _entries(label, row, headings, fix)) for label, row in value.items())


def _entries(label: str, row: Any, headings: Sequence[str], fix: str) -> tuple[Value, ...]:
    if isinstance(row, Mapping):
        unknown = [key for key in row if key not in headings]
        if unknown:
            raise OptionError(
                f"add_rows names {shown(unknown[0])}, which is not a heading of the table",
                found=f"the headings are {', '.join(headings)}",
                fix=fix,
            )
        row = [row.get(heading) for heading in headings]
    row = row.tolist() if hasattr(row, "tolist") else row
    if not isinstance(row, (list, tuple)) or len(row) != len(headings):
        raise OptionError(
            f"the row {shown(label)} needs one value for each model",
            found=f"{shown(row)} for {len(headings)} models",
            fix=fix,
        )
    return tuple(_value(label, entry, fix) for entry in row)


def _value(label: str, entry: Any, fix: str) -> Value:
    entry = entry.item() if isinstance(entry, np.generic) else entry
    if isinstance(entry, bool):
        return "yes" if entry else "no"
    if entry is not None and not isinstance(entry, (int, float, str)):
        raise OptionError(
            f"the row {shown(label)} holds what is neither a number nor a text",
            found=shown(entry),
            fix=fix,
        )
    return entry


def _notes(value: Any) -> tuple[str, ...]:
    if value is None or (isinstance(value, bool) and value):
        return ()
    if isinstance(value, (list, tuple)) and not value:
        return ()
    return name_list("notes", value, "note")
