"""Tests between fits, one nested in the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core.columns import available_cores
from ranef.errors import OptionError, warn
from ranef.fit.nested_pairs import (
    bootstrap_words,
    by_size,
    checked_statistic,
    not_nested,
    refuse_prior,
    refuse_same,
    table_of,
    variances_of,
    warn_singular,
)
from ranef.fit.ratios import Bar, Ratios
from ranef.fit.record import FitRecord
from ranef.inference.bootstrap_ratio import Truth, bootstrap_ratio
from ranef.inference.exact_ratio import DRAWS, exact_tail
from ranef.inference.likelihood_ratio import Ratio, error_of_ratio, nested_ratio
from ranef.inference.model_nesting import (
    FixedParts,
    NotNested,
    fixed_parts,
    place_of,
)
from ranef.inference.same_data import row_order
from ranef.inference.simulate import draw_key
from ranef.options import seed as checked_seed
from ranef.options import whole
from ranef.page.phrases import count

__all__ = ["ratios_between"]


class Pair(NamedTuple):
    """Two models, the smaller one nested in the larger."""

    small: FitRecord
    large: FitRecord
    order: NDArray[np.int64] | None
    fixed: FixedParts


def ratios_between(
    fits: Sequence[FitRecord], method: str, n: int, seed: int | None, bar: Bar
) -> Ratios:
    """Test each model against the next smaller one.

    Parameters
    ----------
    fits : sequence of FitRecord
    method : {"lrt", "bootstrap", "exact"}
    n : int
        Replicates of the bootstrap.
    seed : int or None
    bar : callable
        Makes a progress bar of a text and a number.
    """
    whole("n", n, of="the number of replicates")
    checked_seed("seed", seed)
    for fit in fits:
        refuse_prior(fit)
    order = by_size(fits)
    pairs = [_pair(fits[i], fits[j]) for i, j in pairwise(order)]
    models = _same_criterion([fits[k] for k in order], pairs)
    pairs = [
        Pair(small, large, pair.order, pair.fixed)
        for small, large, pair in zip(models[:-1], models[1:], pairs, strict=True)
    ]
    key = draw_key(seed)

    def judge(k: int, statistic: float) -> Ratio:
        return _judge(pairs[k - 1], statistic, method, n, key, bar)

    names = [_named(model) for model in models]
    errors = [_error(pair) for pair in pairs]
    return table_of(models, names, [_statistic(pair) for pair in pairs], judge, errors)


def _named(model: FitRecord) -> str:
    """The formula, and the structure of the residuals."""
    asked = model._spec.residual
    return model._formula.text + (f", residual {asked.text}" if asked is not None else "")


def _pair(small: FitRecord, large: FitRecord) -> Pair:
    one, other = small._data, large._data
    order = row_order(one, other, (small._formula, large._formula))
    _check_residuals(small, large, order)
    try:
        fixed = fixed_parts(one, other, order)
        place_of(variances_of(small), other, order)
    except NotNested as part:
        found = f"{part} of the smaller model is not in the larger one"
        raise not_nested(small._formula.text, large._formula.text, found) from None
    refuse_same(small, large)
    return Pair(small, large, order, fixed)


def _check_residuals(small: FitRecord, large: FitRecord, order: NDArray[np.int64] | None) -> None:
    """Whether the residuals of the smaller model are a special case of the larger one's.

    Raises
    ------
    OptionError
    """
    own, other = small._data.residual, large._data.residual
    if own is None or (other is not None and own.nested_in(other, order)):
        return
    larger = large._formula.text + (f", residual={other.spec.text!r}" if other is not None else "")
    raise not_nested(
        f"{small._formula.text}, residual={own.spec.text!r}",
        larger,
        "the residuals of the smaller model are not a special case of the larger one's",
    )


def _same_criterion(models: Sequence[FitRecord], pairs: Sequence[Pair]) -> list[FitRecord]:
    """All by ML, or all by REML where the fixed parts span the same columns."""
    by_reml = [model._problem.reml for model in models]
    if not any(by_reml):
        return list(models)
    same_span = all(pair.fixed.fewer == 0 for pair in pairs)
    if all(by_reml) and same_span:
        return list(models)
    reason = (
        "REML criteria of different fixed parts do not compare"
        if not same_span
        else "some of the models were fitted by REML and some by ML"
    )
    warn(
        UserWarning,
        "the models were fitted again by ML",
        found=reason,
        fix="fit by maximum likelihood to leave out this message: reml=False, or --ml on the "
        "command line",
    )
    return [model._again(reml=False) if model._problem.reml else model
            for model in models]  # fmt: skip


def _statistic(pair: Pair) -> float:
    coding = pair.fixed.coding if pair.large._problem.reml else 0.0
    gained = 2.0 * (pair.large._estimates.loglik - pair.small._estimates.loglik) - coding
    return checked_statistic(gained, pair.large, _error(pair))


def _error(pair: Pair) -> float:
    """Of the statistic, if crossed factors were solved by iterations."""
    return error_of_ratio(
        pair.large._solution.certificate.error_criterion,
        pair.small._solution.certificate.error_criterion,
    )


def _judge(pair: Pair, statistic: float, method: str, n: int, key: int, bar: Bar) -> Ratio:
    if method == "bootstrap":
        return _by_bootstrap(pair, statistic, n, key, bar)
    if method == "exact":
        return _by_exact_law(pair, statistic, key, bar)
    small, large = pair.small, pair.large
    ratio = nested_ratio(
        statistic,
        variances_of(small),
        large._data,
        large._problem,
        pair.order,
        pair.fixed.fewer + large._problem.n_residual - small._problem.n_residual,
    )
    warn_singular(ratio, small)
    return ratio


def _by_bootstrap(pair: Pair, statistic: float, n: int, key: int, bar: Bar) -> Ratio:
    small, large = pair.small, pair.large
    for model in (small, large):
        model._need_one_variance('method="bootstrap"', 'use method="lrt"')
    reml = large._problem.reml
    with bar("bootstrap of the likelihood ratio", n) as tick:
        found = bootstrap_ratio(
            _truth(small),
            _truth(large),
            pair.order,
            pair.fixed.coding if reml else 0.0,
            n,
            key,
            large._control.threads or available_cores(),
            large._control,
            tick,
        )
    p = found.p_value(statistic)
    return Ratio(statistic, (bootstrap_words(n, found.failed),), p, p)


def _truth(record: FitRecord) -> Truth:
    effects = bool(record._design.terms)
    estimates = record._estimates
    mean = record._design.X @ estimates.beta
    return Truth(
        record._data,
        record._problem if effects else None,
        record._solution if effects else None,
        mean,
        estimates.covariances,
        estimates.sigma,
        record._problem.reml,
    )


def _by_exact_law(pair: Pair, statistic: float, key: int, bar: Bar) -> Ratio:
    for model in (pair.small, pair.large):
        model._need_one_variance('method="exact"', 'use method="lrt"')
    terms, before = pair.large._design.terms, pair.small._design.terms
    if before or len(terms) != 1 or terms[0].q != 1:
        raise OptionError(
            "the exact distribution is that of a single variance against none",
            where=f"smaller  {pair.small._formula.text}\nlarger   {pair.large._formula.text}",
            found=f"{sum(term.q for term in before)} and {sum(term.q for term in terms)} variances",
            fix='use method="bootstrap"; fit.ranova() tests each variance',
        )
    with bar("drawing from the exact distribution", DRAWS) as tick:
        p = exact_tail(pair.large._problem, pair.fixed.fewer, statistic, key, tick)
    return Ratio(statistic, (f"exact, {count(DRAWS, 'draw')}",), p, p)
