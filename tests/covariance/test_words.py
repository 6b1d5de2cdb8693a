"""Tags, words and numbers of covariance structures speak of the same things."""

from __future__ import annotations

import numpy as np
import pytest
from tests.covariance.registered import BLOCKS, FAMILIES, covariance, inside, name_of

from ranef.core import TermBlock
from ranef.covariance import KINDS, kind_of, structure_of
from ranef.formula.structures import STRUCTURES


def test_every_tag_has_words_and_numbers() -> None:
    # ``diag`` is written out as terms of one column.
    assert set(KINDS) == set(STRUCTURES) - {"diag"}
    for name in KINDS:
        rank = 2 if name == "rr" else 0
        assert structure_of(TermBlock(0, 0, 3, name, rank)).q == 3
    assert {block.structure for block in BLOCKS} == set(KINDS)


@pytest.mark.parametrize(
    "block",
    [
        TermBlock(0, 0, 3, "diag"),
        TermBlock(0, 0, 0, "cs"),
        TermBlock(0, 0, -1),
        TermBlock(0, 0, 3, "rr", 0),
        TermBlock(0, 0, 3, "rr", 4),
        TermBlock(0, 0, 3, "ar1", 0, (0, 1)),
        TermBlock(0, 0, 3, "ar1", 0, (0, 2, 1)),
        TermBlock(0, 0, 100_000),
    ],
)
def test_what_is_no_structure(block: TermBlock) -> None:
    with pytest.raises(ValueError, match=r"no such structure|too many columns"):
        structure_of(block)


@pytest.mark.parametrize("block", FAMILIES, ids=name_of)
def test_names_for_all_parameters(block: TermBlock) -> None:
    kind, structure = kind_of(block), structure_of(block)
    names = [f"c{k}" for k in range(block.q)]
    correlations = kind.correlations(names)
    assert len(correlations) == len(set(correlations))
    assert kind.n_sds(block.q) + len(correlations) == structure.size


@pytest.mark.parametrize("block", FAMILIES, ids=name_of)
def test_bounds_in_words_are_those_of_the_numbers(block: TermBlock) -> None:
    """The root is singular where a correlation is as low as it can be, or one."""
    kind, structure = kind_of(block), structure_of(block)
    first = kind.n_sds(block.q)
    correlations = structure.size - first
    if not correlations:
        return
    for place, bound in ((-1.0, kind.lowest(block.q)), (1.0, 1.0)):
        x = inside(structure)
        x[first] = place * np.pi / 2
        # The first of several is the lag that the others depend on.
        assert structure.parameters(x)[first] == pytest.approx(bound, abs=1e-12)
        assert np.linalg.matrix_rank(structure.root(x), tol=1e-9) < block.q
        x[first] *= 0.99
        assert np.linalg.matrix_rank(structure.root(x), tol=1e-9) == block.q


@pytest.mark.parametrize("block", FAMILIES, ids=name_of)
def test_places_of_correlations(block: TermBlock) -> None:
    kind, structure = kind_of(block), structure_of(block)
    x = inside(structure)
    d = covariance(structure, x)
    sds, own = np.sqrt(np.diag(d)), structure.parameters(x)[kind.n_sds(block.q) :]
    times = block.positions or range(block.q)
    for i in range(block.q):
        for j in range(i):
            place, power = kind.correlation(i, j, times)
            wanted = own[place] ** power if place >= 0 else 0.0
            assert d[i, j] / (sds[i] * sds[j]) == pytest.approx(wanted, abs=1e-12)
