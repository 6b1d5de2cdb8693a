"""Estimates along the strength of a prior, as a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranef.page.phrases import count, level_text
from ranef.present.text.numbers import rounded, significant
from ranef.present.text.titled import titled_html, titled_text
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["sensitivity_html", "sensitivity_text"]

SHOWN = (0.0, 0.1, 1.0, 10.0)
"""Strengths of the page, or those that are nearest to them."""

_PRIORS = {"wishart": "Wishart", "gamma": "gamma", "lkj": "LKJ"}
_KINDS = {"sd": "SD", "correlation": "Correlation"}


def sensitivity_text(frame: pd.DataFrame, family: str, level: float, words: Words) -> str:
    """A table of the estimates at four strengths; `frame` has them all.

    Parameters
    ----------
    frame : DataFrame
        Columns strength, effect, group, term, estimate, std_error, cost, verdict.
    family : str
    level : float
        Of the intervals in `frame`.
    words : Words
        What readers call the parameters.
    """
    return titled_text([_title(family)], _cells(frame, words), _notes(frame, level))


def sensitivity_html(frame: pd.DataFrame, family: str, level: float, words: Words) -> str:
    """The same for notebooks."""
    return titled_html(_title(family), "", _cells(frame, words), _notes(frame, level))


def _title(family: str) -> str:
    return f"Estimates by the strength of a {_PRIORS[family]} prior (0 none, 1 the default)"


def _strengths(frame: pd.DataFrame) -> list[float]:
    there = sorted(set(frame["strength"].tolist()))
    return sorted({min(there, key=lambda s: abs(_place(s) - _place(one))) for one in SHOWN})


def _place(strength: float) -> float:
    """Where a strength stands on a logarithmic axis, no prior far to the left."""
    return math.log10(strength) if strength > 0.0 else -9.0


def _cells(frame: pd.DataFrame, words: Words) -> list[list[str]]:
    strengths = _strengths(frame)
    shown = frame[frame["strength"].isin(strengths)]
    rows = [["", *(f"{strength:.3g}" for strength in strengths)]]
    for (effect, group, term), part in shown.groupby(
        ["effect", "group", "term"], sort=False, dropna=False
    ):
        values = part.set_index("strength").loc[strengths]
        estimates = values["estimate"].tolist()
        sizes = values["std_error"].tolist() if effect == "fixed" else [v for v in estimates if v]
        decimals = 2 if effect == "correlation" else min(significant(sizes, 2, least=2), 6)
        rows.append([_name(effect, group, term, words), *(rounded(v, decimals) for v in estimates)])
    cost = shown.groupby("strength")["cost"].first().loc[strengths]
    return [*rows, ["Cost, deviance units", *(rounded(v, 2) for v in cost.tolist())]]


def _name(effect: Any, group: Any, term: Any, words: Words) -> str:
    if effect == "fixed":
        return words.coefficient(str(term))
    return words.spread(_KINDS[effect], str(group), str(term).split(", "))


def _notes(frame: pd.DataFrame, level: float) -> Sequence[str]:
    notes = ["Cost: how much the prior takes from the likelihood."]
    verdicts = frame.groupby("strength", sort=True)["verdict"].first()
    doubtful = verdicts[~verdicts.str.endswith("optimum") | verdicts.str.startswith("not")]
    if len(doubtful):
        listed = ", ".join(f"{strength:.3g} ({verdict})" for strength, verdict in doubtful.items())
        notes.append(f"Not certified, and left out, at the strengths {listed}.")
    strengths = count(frame["strength"].nunique(), "strength")
    notes.append(f"The attribute frame has {strengths}, with {level_text(level)} intervals.")
    return notes
