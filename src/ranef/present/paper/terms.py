"""What a reader asks for by name: a coefficient of the fixed part, or a term of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.formula.naming import factors, find, without_level
from ranef.options import shown
from ranef.present.paper.model_words import term_words
from ranef.present.protocol import FittedModel
from ranef.present.text.names import spell
from ranef.present.text.words import Words

__all__ = ["Asked", "asked_for", "variables_of"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A coefficient or a term.

    Attributes
    ----------
    name : str
        Of the coefficient, or of the term.
    coefficients : tuple of str
        One, or the several of a term.
    term : bool
        Whether it is a term of several coefficients.
    """

    name: str
    coefficients: tuple[str, ...]
    term: bool


def variables_of(name: str) -> tuple[str, ...]:
    """The variables of a coefficient, without levels."""
    return tuple(without_level(part) for part in factors(name))


def asked_for(model: FittedModel, asked: Any, terms: Sequence[str], words: Words) -> Asked:
    """Find what `asked` names: as the fit names it, or as its tables do.

    Parameters
    ----------
    model : FittedModel
    asked : str
    terms : sequence of str
        Of the fixed part, in the formula's text.
    words : Words

    Raises
    ------
    OptionError
        It names nothing, a grouping factor, or a coefficient that was left out of the fit.
    """
    names = [str(name) for name in model.fixef.index]
    if not isinstance(asked, str):
        raise OptionError(
            "a sentence is about one coefficient or term",
            found=f"term={shown(asked)}",
            fix=f"give its name as text, as in fit.sentence({(names or ['x'])[-1]!r})",
        )
    found = _coefficient(asked, names, words) or _term(asked, names, terms, words)
    if found is None:
        raise _unknown(asked, model, names, terms)
    left_out = [name for name in found.coefficients if name in model.dropped]
    if left_out:
        raise OptionError(
            f"the coefficient {left_out[0]!r} was left out of the fit and has no estimate",
            where=model.formula,
            found="a column that other predictors determine exactly",
            fix="leave the predictor that repeats the others out of the formula",
        )
    return found


def _coefficient(asked: str, names: Sequence[str], words: Words) -> Asked | None:
    name = find(asked, names)
    if name is None:
        name = next((n for n in names if asked in (spell(n), words.coefficient(n))), None)
    return None if name is None else Asked(name, (name,), False)


def _term(asked: str, names: Sequence[str], terms: Sequence[str], words: Words) -> Asked | None:
    """A term: its factors may stand in another order, and have their labels."""
    wanted = {asked} if ":" not in asked else set()
    for term in terms:
        own = factors(term)
        same = term == asked or term_words(term, words) == asked
        if not same and set(factors(asked)) != set(own) and wanted != set(own):
            continue
        found = tuple(name for name in names if sorted(variables_of(name)) == sorted(own))
        if len(found) == 1:
            return Asked(found[0], found, False)
        if found:
            return Asked(term, found, True)
    return None


def _unknown(
    asked: str, model: FittedModel, names: Sequence[str], terms: Sequence[str]
) -> OptionError:
    if asked in model.ngroups:
        return OptionError(
            f"{asked!r} is a grouping factor, and a sentence is about a fixed effect",
            found=f"term={shown(asked)}",
            fix="fit.varcorr() has its variances, fit.ranova() tests them",
        )
    known = list(dict.fromkeys([*names, *terms]))
    return OptionError(
        f"the fixed part has no coefficient or term {shown(asked)}",
        where=model.formula,
        found=f"coefficients {', '.join(names)}",
        fix=suggestion(asked, known) or "name one of these",
    )
