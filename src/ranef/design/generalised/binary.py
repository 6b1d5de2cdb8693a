"""Successes and failures: 0 and 1, two categories, counts of both, and proportions of trials."""

from __future__ import annotations

import numpy as np

from ranef.design.generalised.record import GeneralisedResponse
from ranef.design.generalised.sides import WHOLE, Side, first_of, listed, not_whole
from ranef.errors import OptionError
from ranef.formula.nodes import Binary, Call, Name, Sum
from ranef.formula.render import to_source
from ranef.frame.table import Column
from ranef.page.phrases import count, share
from ranef.types import Array, Finding

__all__ = ["code_binary"]

_CHECK = "check the column and the rows that were selected"


def code_binary(side: Side) -> GeneralisedResponse:
    """The proportion of successes of each row, and its number of trials."""
    expr, column = side.expr, side.column
    if isinstance(expr, Call) and expr.function == "cbind":
        return _of_counts(side, expr)
    if column is not None and column.kind == "factor":
        return _of_categories(side, column)
    y = side.numbers()
    trials = _trials(side, y.size)
    if trials is None:
        if not bool(((y == 0.0) | (y == 1.0)).all()):
            raise _not_binary(side, y)
        return _coded(side, y, None)
    fix = "a proportion of successes lies between 0 and 1; write cbind(hits, misses) for counts"
    hits = y * trials
    outside = (hits < -WHOLE) | (hits > trials + WHOLE)
    side.refuse_rows(outside, y, f"'{side.name}' is not a proportion", fix)
    bad = np.flatnonzero(not_whole(hits))
    if bad.size:
        row = bad[0]
        raise side.error(
            f"'{side.name}' times its trials is not a whole number of successes",
            f"{y[row]:.6g} of {trials[row]:g} trials, {hits[row]:.6g}, in row {row} (counted from "
            f"0) of the rows used{first_of(bad.size)}",
            "weights= holds the number of trials of each row; if the proportions are rounded, "
            "write cbind(hits, misses)",
        )
    return _coded(side, np.rint(hits) / trials, trials)


def _coded(
    side: Side,
    y: Array,
    trials: Array | None,
    levels: tuple[str, ...] = (),
    notes: tuple[Finding, ...] = (),
) -> GeneralisedResponse:
    if bool((y == 0.0).all()) or bool((y == 1.0).all()):
        side.refuse_constant(y, _CHECK)
    return GeneralisedResponse(side.name, y, trials, levels, notes)


def _trials(side: Side, n: int) -> Array | None:
    if side.weights is None:
        return None
    trials = side.weights
    bad = not_whole(trials) | (trials < 1.0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise OptionError(
            f"weights of the {side.family.name} family are numbers of trials",
            where="weights=",
            found=f"{trials[row]:.15g} in row {row} (counted from 0) of the rows used",
            fix="give whole numbers of at least 1; leave weights= out if each row is one trial",
        )
    return np.rint(trials)


def _of_counts(side: Side, call: Call) -> GeneralisedResponse:
    if side.weights is not None:
        raise OptionError(
            "cbind() has the trials of each row already",
            where="weights=",
            found=f"weights beside the response {side.name}",
            fix="leave weights= out",
        )
    hits, misses = (side.numbers(arg) for arg in call.args)
    for arg, counts in zip(call.args, (hits, misses), strict=True):
        text = to_source(arg)
        fix = "cbind() takes successes and failures: cbind(hits, trials - hits)"
        side.refuse_rows(
            counts < 0.0, counts, f"'{text}' is negative, and counts are not", fix, arg
        )
        fix = "cbind() takes counts; a proportion stands by itself, with weights= for its trials"
        side.refuse_rows(not_whole(counts), counts, f"'{text}' is not a whole number", fix, arg)
    hits = np.rint(hits)
    trials = hits + np.rint(misses)
    side.refuse_rows(
        trials == 0.0,
        trials,
        f"'{side.name}' has a row without trials",
        "leave such rows out, for instance with subset=",
    )
    return _coded(side, hits / trials, trials)


def _of_categories(side: Side, column: Column) -> GeneralisedResponse:
    if column.names_groups_only:
        raise side.error(
            f"the response '{side.name}' holds {column.holds}, not successes and failures",
            column.source_type,
            "give 0 and 1, true and false, or two categories",
        )
    levels, y = side.used(column)
    if len(levels) > 2:
        example = f"I({to_source(side.expr)} == {levels[-1]!r})"
        ordered = ', and family="cumulative" models all of them if they have an order'
        raise side.error(
            f"the response '{side.name}' has {count(len(levels), 'category', 'categories')}, and "
            f"{side.family.name} responses have two",
            f"levels {listed(levels)}",
            f"{example} as response is one of them against the others{ordered}",
        )
    if len(levels) == 1:
        raise side.error(
            f"the response '{side.name}' is constant",
            f"'{levels[0]}' in all {count(y.size, 'row')} used",
            _CHECK,
        )
    failure, success = levels
    note = Finding(
        code="success-level",
        severity="note",
        message=f"the model is of the probability that '{side.name}' is '{success}', not "
        f"'{failure}'",
        evidence=f"'{success}' in {share(int(y.sum()), y.size, 'row')}",
        where=side.name,
        fix=f"I({to_source(side.expr)} == {failure!r}) as response models '{failure}'; the second "
        "category is the success",
    )
    return _coded(side, y, _trials(side, y.size), levels, (note,))


def _not_binary(side: Side, y: Array) -> Exception:
    """An error for numbers that are neither 0 nor 1, with what they look like."""
    low, high = float(y.min()), float(y.max())
    row = int(np.flatnonzero((y != 0.0) & (y != 1.0))[0])
    found = f"{y[row]:.15g} in row {row} (counted from 0) of the rows used"
    what = f"the response '{side.name}' has values other than 0 and 1"
    bare = side.expr
    while isinstance(bare, Call) and bare.function == "I":
        bare = bare.args[0]
    text = to_source(bare)
    if low == high:
        return side.error(
            f"the response '{side.name}' is constant",
            f"{low:g} in all {count(y.size, 'row')} used",
            _CHECK,
        )
    if bool(((y == low) | (y == high)).all()) and not 0.0 <= low < high < 1.0:
        return side.error(
            what,
            f"the two values {low:g} and {high:g}",
            f"I({text} == {high:g}) as response is 1 for {high:g} and 0 for {low:g}",
        )
    if low >= 0.0 and high <= 1.0:
        fix = 'give the trials of each row as weights=, or write cbind(hits, misses); family="beta"'
        fix += " is for proportions that are not counts"
        if isinstance(bare, Binary) and bare.operator == "/":
            fix = _of_quotient(bare)
        return side.error(
            f"the response '{side.name}' is a proportion, and its trials are not known", found, fix
        )
    if not bool(not_whole(y).any()) and low >= 0.0:
        fix = f'write cbind({text}, trials - {text}) for successes, or use family="poisson" or '
        return side.error(
            what, found, fix + '"nbinom2" for counts, "cumulative" for ordered answers'
        )
    if low >= 0.0 and high <= 100.0:
        fix = "divide percentages by 100, and give the trials of each row as weights="
        return side.error(what, found, f'{fix}; family="gamma" or "gaussian" is for amounts')
    fix = "gaussian" if low < 0.0 else "gamma"
    return side.error(what, found, f'family="{fix}" is for such numbers')


def _of_quotient(quotient: Binary) -> str:
    """How hits / trials becomes a response of counts."""
    hits, trials = quotient.left, quotient.right
    text = to_source(hits)
    if isinstance(trials, Name):
        return (
            f"write cbind({text}, {trials.name} - {text}), or keep the quotient with "
            f"weights={trials.name!r}"
        )
    if isinstance(trials, Sum) and (1, hits) in trials.items and len(trials.items) == 2:
        sign, misses = next(item for item in trials.items if item != (1, hits))
        if sign > 0:
            return f"write cbind({text}, {to_source(misses)})"
    return f"write cbind({text}, trials - {text}), with trials for {to_source(trials)}"
