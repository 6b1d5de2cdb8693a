"""The summed columns after each factor is replaced by a number plus a multiple of a column."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.sums.plan import Plan
from ranef.sums.products import Product

__all__ = ["expanded"]


def expanded(plan: Plan, factors: Sequence[tuple[int, float, float]]) -> dict[int, float]:
    """The coefficients of a product of factors ``move + ratio * u``.

    Parameters
    ----------
    plan : Plan
    factors : sequence of (int, float, float)
        The column u of each, move and ratio.

    Returns
    -------
    dict of int to float
        By the positions of products of the u; 0 is the constant.
    """
    made: dict[tuple[int, ...], float] = {(): 1.0}
    for single, move, ratio in factors:
        more: dict[tuple[int, ...], float] = {}
        for taken, value in made.items():
            for key, times in ((taken, move), ((*taken, single), ratio)):
                more[key] = more.get(key, 0.0) + value * times
        made = more
    out: dict[int, float] = {}
    for taken, value in made.items():
        place = _place(plan, taken)
        out[place] = out.get(place, 0.0) + value
    return out


def _place(plan: Plan, taken: tuple[int, ...]) -> int:
    """Where the product of some single columns stands."""
    if len(taken) < 2:
        return taken[0] if taken else 0
    product = Product(tuple(plan.columns[j].factors[0] for j in taken))
    place = plan.position(product)
    assert place is not None, f"{product.text} is not summed with what it is part of"
    return place
