"""What becomes of the summed columns where each factor is a number plus a multiple of another."""

from __future__ import annotations

from ranef.sums.plan import Plan
from ranef.sums.products import Product
from ranef.types import Array

__all__ = ["expanded"]


def expanded(plan: Plan, k: int, moves: Array, ratios: Array) -> dict[int, float]:
    """The coefficients of a product of ``move + ratio * u`` of single columns u.

    Parameters
    ----------
    plan : Plan
    k : int
        The column that is such a product; a single one is a product of itself alone.
    moves, ratios : ndarray, shape (c,)
        Of the single columns.

    Returns
    -------
    dict of int to float
        By the positions of products of the u; 0 is the constant.
    """
    made: dict[tuple[int, ...], float] = {(): 1.0}
    for single in plan.singles(k):
        more: dict[tuple[int, ...], float] = {}
        for taken, value in made.items():
            for key, times in ((taken, moves[single]), ((*taken, single), ratios[single])):
                more[key] = more.get(key, 0.0) + value * float(times)
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
