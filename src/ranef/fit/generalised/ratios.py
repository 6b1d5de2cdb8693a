"""Tests between generalised fits, one nested in the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core.columns import available_cores
from ranef.errors import OptionError
from ranef.fit.generalised.refitting import GeneralisedRefitting
from ranef.fit.generalised.smaller import law_at
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
from ranef.inference.generalised.bootstrap_ratio import bootstrap_ratios
from ranef.inference.generalised.nesting import Coefficients, coefficients_between
from ranef.inference.likelihood_ratio import Ratio
from ranef.inference.model_nesting import NotNested, place_of
from ranef.inference.same_data import row_order
from ranef.inference.simulate import draw_key
from ranef.options import seed as checked_seed
from ranef.options import whole

__all__ = ["ratios_between"]


class Pair(NamedTuple):
    """Two models, the smaller one nested in the larger."""

    small: GeneralisedRefitting
    large: GeneralisedRefitting
    order: NDArray[np.int64] | None
    coefficients: Coefficients


def ratios_between(
    fits: Sequence[GeneralisedRefitting], method: str, n: int, seed: int | None, bar: Bar
) -> Ratios:
    """Test each model against the next smaller one.

    Parameters
    ----------
    fits : sequence of GeneralisedRefitting
    method : {"lrt", "bootstrap"}
    n : int
        Replicates of the bootstrap.
    seed : int or None
    bar : callable
        Makes a progress bar of a text and a number.

    Raises
    ------
    OptionError
        Models that are not nested, of other data or of another approximation of the likelihood.
    """
    whole("n", n, of="the number of replicates")
    checked_seed("seed", seed)
    if method == "exact":
        raise OptionError(
            "the exact distribution is that of linear models",
            found='method="exact"',
            fix='use method="lrt" or method="bootstrap"',
        )
    for fit in fits:
        refuse_prior(fit)
    models = [fits[k] for k in by_size(fits)]
    _check_nodes(models)
    pairs = [_pair(small, large) for small, large in pairwise(models)]
    key = draw_key(seed)

    def judge(k: int, statistic: float) -> Ratio:
        if method == "bootstrap":
            return _by_bootstrap(pairs[k - 1], statistic, n, key, bar)
        return _by_law(pairs[k - 1], statistic)

    statistics = [
        checked_statistic(2.0 * (large._estimates.loglik - small._estimates.loglik), large)
        for small, large in pairwise(models)
    ]
    several = len({model._family.text for model in models}) > 1
    names = [_named(model) if several else model._formula.text for model in models]
    return table_of(models, names, statistics, judge)


def _named(model: GeneralisedRefitting) -> str:
    return f"{model._formula.text}, {model._family.text}"


def _check_nodes(models: Sequence[GeneralisedRefitting]) -> None:
    """Two approximations of a likelihood have no ratio.

    Raises
    ------
    OptionError
    """
    nodes = sorted({model._problem.n_agq for model in models})
    if len(nodes) > 1:
        listed = "; ".join(f"n_agq={m._problem.n_agq} in {m._formula.text}" for m in models)
        raise OptionError(
            "the models approximate the likelihood in different ways",
            found=listed,
            fix=f"fit all of them alike, as in fit.update(n_agq={nodes[-1]})",
        )


def _pair(small: GeneralisedRefitting, large: GeneralisedRefitting) -> Pair:
    one, other = small._data, large._data
    order = row_order(one, other, (small._formula, large._formula))
    names = _named(small), _named(large)
    try:
        coefficients = coefficients_between(one, other, order)
        place_of(variances_of(small), other, order)
    except NotNested as part:
        found = f"{part} of the smaller model is not in the larger one"
        raise not_nested(*names, found) from None
    refuse_same(small, large)
    return Pair(small, large, order, coefficients)


def _by_law(pair: Pair, statistic: float) -> Ratio:
    found = pair.coefficients
    if found.loose:
        nothing = float("nan")
        law = 'unknown, as coefficients have no meaning in the smaller model: method="bootstrap"'
        return Ratio(statistic, (law,), nothing, nothing, exact=False)
    place = place_of(variances_of(pair.small), pair.large._data, pair.order)
    ratio = law_at(pair.large, place, statistic, found.fewer, found.half_lines)
    warn_singular(ratio, pair.small)
    return ratio


def _by_bootstrap(pair: Pair, statistic: float, n: int, key: int, bar: Bar) -> Ratio:
    large = pair.large
    with bar("bootstrap of the likelihood ratio", n) as tick:
        found = bootstrap_ratios(
            pair.small._origin(),
            large._origin(),
            pair.order,
            n,
            key,
            large._control,
            large._control.threads or available_cores(),
            tick,
        )
    p = found.p_value(statistic)
    return Ratio(statistic, (bootstrap_words(n, found.failed),), p, p)
