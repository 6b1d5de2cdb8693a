"""How names and parts of a model are spelt for readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ranef.formula.naming import RESIDUAL
from ranef.formula.nodes import Name
from ranef.formula.parser import parse_sides
from ranef.formula.render import to_text
from ranef.present.protocol import FittedModel
from ranef.types import INTERCEPT

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "RESIDUAL",
    "factor_of",
    "has_residual",
    "prior_phrases",
    "response_of",
    "spell",
    "term_ranks",
]


def spell(name: str) -> str:
    """The coefficient name as readers know it: ``Intercept`` becomes ``(Intercept)``.

    >>> spell("Intercept"), spell("ses:sector")
    ('(Intercept)', 'ses:sector')
    """
    return f"({INTERCEPT})" if name == INTERCEPT else name


def response_of(formula: str) -> str:
    """The left-hand side of a formula: a column's name as it is in the data.

    >>> response_of("math ~ ses + (1 | sch.id)"), response_of("`a ~ b` ~ ses + (1 | sch.id)")
    ('math', 'a ~ b')
    """
    response, _ = parse_sides(formula)
    return response.name if isinstance(response, Name) else to_text(response)


def factor_of(group: str, model: FittedModel) -> str:
    """The grouping factor behind a label of ``varcorr``: ``"g.1"`` is a second term on ``g``."""
    if group in model.ngroups:
        return group
    stem, _, number = group.rpartition(".")
    return stem if stem in model.ngroups and number.isdigit() else group


def prior_phrases(prior: Mapping[str, Any] | None) -> tuple[str, ...]:
    """One phrase for each prior.

    >>> prior_phrases({"sch.id": "Wishart()", "fixed": "Normal()", "batch": []})
    ('Wishart() on sch.id', 'Normal() on the fixed effects')
    """
    phrases = []
    for name, value in (prior or {}).items():
        where = "the fixed effects" if name == "fixed" else name
        for one in value if isinstance(value, list) else [value]:
            phrases.append(f"{one} on {where}")
    return tuple(phrases)


def has_residual(varcorr: pd.DataFrame) -> bool:
    """Whether the model has a residual variance; generalised models often have none."""
    return bool((varcorr["group"] == RESIDUAL).any())


def term_ranks(model: FittedModel) -> tuple[tuple[str, int, int], ...]:
    """``(group, rank, size)`` of the covariance matrix of each random-effects term."""
    varcorr = model.varcorr()
    diagonal = varcorr[varcorr["term2"].isna() & (varcorr["group"] != RESIDUAL)]
    sizes = diagonal.groupby("group", sort=False).size()
    rank = model.certificate.rank
    ranks = [rank[g] for g in sizes.index] if hasattr(rank, "keys") else list(rank)
    return tuple(
        (str(g), int(r), int(q)) for g, r, q in zip(sizes.index, ranks, sizes, strict=True)
    )
