"""What a worker is asked to fit. Only the standard library: every worker reads this."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Entry", "Model", "Statsmodels"]

Entry = Literal["frame", "matrices", "refits", "kenward-roger", "anova", "leave-one-out"]


@dataclass(frozen=True, slots=True)
class Statsmodels:
    """The same model in the words of statsmodels: fixed part, group column, random part."""

    fixed: str
    groups: str
    random: str


@dataclass(frozen=True, slots=True)
class Model:
    """A mixed model; a linear one unless it has a family.

    Attributes
    ----------
    formula : str
        In lme4's language.
    reml : bool
    entry : str
        Where the clock starts: formula and data frame, or everything built from them; or the
        fitted model, for the refits of a parametric bootstrap and for questions to it.
    refits : int
        How many of these ranef makes in one call; slower tools make fewer. Times are of one.
    derivatives : bool
        Whether lme4 computes its finite-difference derivatives after the fit, as it does by
        default. Off where they cost more than the fit.
    statsmodels : Statsmodels, optional
        Where statsmodels has this model.
    intercepts : tuple of str
        Grouping columns, where all random effects are intercepts: gpboost fits these.
    threads : int
        Threads that ranef may use; the others keep to one by their environment.
    crossed : str
        How ranef eliminates crossed factors: ``"exact"``, ``"iterative"``, or its choice.
    family : str, optional
        ``"binomial"`` or ``"poisson"``, with its usual link; fitted by Laplace's method.
    weights : str, optional
        Column of the numbers of trials; the response is then a proportion.
    """

    formula: str
    reml: bool = True
    entry: Entry = "frame"
    refits: int = 10_000
    derivatives: bool = True
    statsmodels: Statsmodels | None = None
    intercepts: tuple[str, ...] = ()
    threads: int = 1
    crossed: str = "auto"
    family: str | None = None
    weights: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Model:
        words = record["statsmodels"]
        return cls(
            **{
                **record,
                "statsmodels": None if words is None else Statsmodels(**words),
                "intercepts": tuple(record["intercepts"]),
            }
        )
