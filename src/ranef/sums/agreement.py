"""Whether moments can be added: what has to be equal, and what may not be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from ranef.errors import DataError
from ranef.formula.render import to_text
from ranef.sums.record import MomentsRecord

__all__ = ["agreement", "check_agreement", "check_not_twice"]

_ASKED = ("the formula", "the weights", "the offset")
"""What the user has chosen; all else follows from these and from the kinds of the columns."""

_WORDS = {"number": "numbers", "factor": "text or categories"}


def agreement(moments: MomentsRecord) -> dict[str, object]:
    """What has to be equal in moments that are added, by a word for each."""
    plan = moments.plan
    return {
        "the formula": plan.formula.text,
        "the summed columns": tuple(column.text for column in plan.columns),
        "the response": to_text(plan.response),
        "the categories": plan.keys,
        "the grouping factors": plan.factors,
        "the group means": tuple(own.text for own in plan.means),
        "the weights": plan.weights,
        "the offset": plan.offset,
        "the kinds of the columns": tuple(sorted(plan.kinds.items())),
    }


def check_agreement(first: MomentsRecord, other: MomentsRecord, names: tuple[str, str]) -> None:
    """Refuse moments that are not of the same model, or not of the same kinds of columns.

    Parameters
    ----------
    first, other : Moments
    names : tuple of str
        What they are called in messages.

    Raises
    ------
    DataError
    """
    mine, theirs = agreement(first), agreement(other)
    for word in _ASKED:
        if theirs[word] != mine[word]:
            raise _differ(word, mine[word], theirs[word], names)
    for name, kind in first.plan.kinds.items():
        if other.plan.kinds.get(name, kind) != kind:
            raise _kinds(first, name, kind, other.plan.kinds[name], names)
    for word, value in mine.items():
        if theirs[word] != value:
            raise _differ(word, value, theirs[word], names)
    _check_tables(first, other)


def check_not_twice(parts: Sequence[MomentsRecord], names: Sequence[str]) -> None:
    """Refuse to count the rows of a file twice: other rows do not have equal sums by chance.

    Raises
    ------
    DataError
    """
    for i, j in combinations(range(len(parts)), 2):
        if parts[i] is parts[j] or _equal(parts[i], parts[j]):
            raise DataError(
                "these moments cannot be added: they are sums of the same rows",
                found=f"the same {parts[i].n:,} rows and sums in {names[i]} and in {names[j]}",
                fix="give each file once",
            )


def _equal(one: MomentsRecord, other: MomentsRecord) -> bool:
    """Whether all sums are equal to the last bit; most are told apart by a few numbers."""
    if one.numbers != other.numbers or one.missing.n_total != other.missing.n_total:
        return False
    return all(
        mine.equals(theirs)
        for part in ("cells", "pairs", "means")
        for mine, theirs in zip(getattr(one, part), getattr(other, part), strict=True)
    )


def _differ(word: str, mine: object, theirs: object, names: tuple[str, str]) -> DataError:
    shown = [_shown(mine), _shown(theirs)]
    return DataError(
        f"these moments cannot be added: they differ in {word}",
        found=f"{shown[0]} in {names[0]}, {shown[1]} in {names[1]}",
        fix="make both with the same formula, weights and offset",
    )


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value)) or "none"
    return str(value)


def _kinds(
    first: MomentsRecord, name: str, mine: str, theirs: str, names: tuple[str, str]
) -> DataError:
    plan = first.plan
    groups = any(name in factor for factor in plan.factors)
    way = (
        f"make '{name}' text at each site before the rows are summed: "
        f'data["{name}"] = data["{name}"].astype("Int64").astype("string") in pandas where it '
        f"holds whole numbers, CAST({name} AS VARCHAR) in SQL; in a CSV file let every name begin "
        "with a letter"
        if groups
        else f"make '{name}' numbers at each site, or text at each site, before the rows are summed"
    )
    kinds = [_WORDS.get(kind, kind) for kind in (mine, theirs)]
    return DataError(
        f"these moments cannot be added: column '{name}' is not of the same kind in both",
        found=f"{kinds[0]} in {names[0]}, {kinds[1]} in {names[1]}",
        fix=way,
    )


def _check_tables(first: MomentsRecord, other: MomentsRecord) -> None:
    """Refuse tables that hold other sums, whatever their description says.

    Raises
    ------
    DataError
    """
    for part in ("cells", "pairs", "means"):
        for mine, theirs in zip(getattr(first, part), getattr(other, part), strict=True):
            own, more = set(mine.column_names), set(theirs.column_names)
            if own != more:
                raise DataError(
                    "these moments cannot be added: they hold other sums",
                    found=f"only in one of them: {', '.join(sorted(own ^ more))}",
                    fix="make both anew with rn.moments(), and the same formula",
                )
