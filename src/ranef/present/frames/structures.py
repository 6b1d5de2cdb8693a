"""The parameters of covariance structures as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ranef.present.protocol import TermCovariance
from ranef.present.structured import kind_of_term, short_parameters

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parameters_frame"]


def parameters_frame(terms: Sequence[TermCovariance]) -> pd.DataFrame:
    """One row a parameter: group, structure, parameter, estimate."""
    import pandas as pd

    rows = [
        (term.label.label, term.label.structure, name, value)
        for term in terms
        for name, value in _parameters(term)
    ]
    frame = pd.DataFrame(rows, columns=["group", "structure", "parameter", "estimate"])
    return frame.astype({"estimate": float})


def _parameters(term: TermCovariance) -> Iterator[tuple[str, float]]:
    kind = kind_of_term(term)
    if kind is not None and kind.free:
        yield from _loadings(term)
    else:
        for word, name, value in short_parameters(term):
            yield f"{word.lower()} {name}".rstrip(), value


def _loadings(term: TermCovariance) -> Iterator[tuple[str, float]]:
    """The entries of the root of a reduced rank: below its diagonal, column by column."""
    assert term.parameters is not None
    assert term.block is not None
    q, names = term.block.q, term.label.names
    rows, columns = np.tril_indices(q)
    order = np.lexsort((rows, columns))
    kept = [(i, j) for i, j in zip(rows[order], columns[order], strict=True) if j < term.block.rank]
    for (i, j), value in zip(kept, term.parameters.tolist(), strict=True):
        yield f"loading {j + 1} of {names[i]}", value
