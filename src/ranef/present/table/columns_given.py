"""The headings of the columns, and the headings above several of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.options import name_list, shown
from ranef.present.table.record import Spanner
from ranef.present.text.names import one_line

__all__ = ["headings_of", "spanners_of"]


def headings_of(labels: Any, given: Sequence[str], n: int) -> tuple[str, ...]:
    """One heading for each model: those given with the models, a list of labels, or numbers.

    Raises
    ------
    OptionError
        A list of another length, or headings from both.
    """
    if labels is None or isinstance(labels, Mapping):
        return tuple(given) or tuple(f"Model {i}" for i in range(1, n + 1))
    names = name_list("labels", labels, "model")
    if given:
        raise OptionError(
            "the headings are given twice",
            found=f"labels={shown(list(names))}, and models by the names {', '.join(given)}",
            fix='with models by name, labels are words: as in labels={"ses": "SES"}',
        )
    if len(names) != n:
        raise OptionError(
            "labels must have one entry for each model",
            found=f"{len(names)} for {n} models",
            fix=f"give {n} of them in a list, or none",
        )
    return names


def spanners_of(value: Any, headings: Sequence[str]) -> tuple[Spanner, ...]:
    """Headings above several columns.

    Parameters
    ----------
    value : sequence of str, mapping of str to sequence of str, or None
        A text for each model, empty for none; or the headings of the models below each text.
    headings : sequence of str

    Raises
    ------
    OptionError
        Another number of texts, headings that there are not, or columns that are not neighbours.

    Examples
    --------
    >>> [(s.text, s.first, s.last) for s in spanners_of(["a", "a", "b"], ["1", "2", "3"])]
    [('a', 0, 1), ('b', 2, 2)]
    """
    if value is None:
        return ()
    fix = 'as in spanners=["Linear", "Linear", ""] for three models'
    if isinstance(value, Mapping):
        made = [_below(text, names, headings) for text, names in value.items()]
        made.sort(key=lambda spanner: spanner.first)
        for one, other in pairwise(made):
            if other.first <= one.last:
                raise OptionError(
                    f"the model {shown(headings[other.first])} stands below two headings",
                    found=f"{shown(one.text)} and {shown(other.text)} in spanners",
                    fix="give each model one heading above its own",
                )
        return tuple(made)
    texts = list(value) if isinstance(value, (list, tuple)) else []
    if len(texts) != len(headings) or not all(isinstance(text, str) for text in texts):
        raise OptionError(
            "spanners has a text for each model, or the headings below each text",
            found=f"spanners={shown(value)} for {len(headings)} models",
            fix=fix,
        )
    out, first = [], 0
    for text, run in groupby(texts):
        last = first + len(list(run)) - 1
        if text:
            out.append(Spanner(one_line(text), first, last))
        first = last + 1
    return tuple(out)


def _below(text: Any, names: Any, headings: Sequence[str]) -> Spanner:
    fix = f'as in spanners={{"Linear": {shown(list(headings[:2]))}}}'
    if not isinstance(text, str) or not text:
        raise OptionError(
            "spanners has a text for each model, or the headings below each text",
            found=shown(text),
            fix=fix,
        )
    places = []
    for name in name_list("spanners", names, "model"):
        if name not in headings:
            raise OptionError(
                f"spanners names {shown(name)}, which is not a heading of the table",
                found=f"the headings are {', '.join(headings)}",
                fix=suggestion(name, headings) or fix,
            )
        places.append(list(headings).index(name))
    first, last = min(places), max(places)
    if sorted(places) != list(range(first, last + 1)):
        raise OptionError(
            f"the models below {shown(text)} are not neighbours",
            found=f"spanners={shown({text: names})}",
            fix="give them one after the other to rn.compare",
        )
    return Spanner(one_line(text), first, last)
