"""What may be asked of a prediction, and which random effects it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.core import TermLabel
from ranef.errors import OptionError, suggestion
from ranef.inference.ddf import NAMES
from ranef.options import confidence, one_of, shown, whole
from ranef.options import seed as checked_seed

__all__ = ["PredictionOptions", "chosen_terms"]

ACCEPTED: dict[str, tuple[Any, ...]] = {
    "level": ("conditional", "population"),
    "new_levels": ("error", "population", "sample"),
    "interval": (None, "confidence", "prediction"),
    "ddf": NAMES,
    "part": ("both", "random"),
    "uncertainty": ("all", "known variances"),
    "method": ("wald", "integrated", "bootstrap"),
}
# A number for `level` is meant for the interval.
LEVEL = (
    "the level of an interval is confidence={:g}; level is 'conditional' (with the random effects) "
    "or 'population' (without)"
)
DRAWS = {"wald": 0, "integrated": 400, "bootstrap": 500}
LEAST_DRAWS = 20


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """What is predicted, what happens to new levels, and what goes with it.

    ``terms`` are the positions of the random-effects terms that count.
    """

    level: str = "conditional"
    new_levels: str = "error"
    interval: str | None = None
    confidence: float = 0.95
    seed: int | None = None
    se: bool | str = False
    ddf: str = "auto"
    terms: tuple[int, ...] = ()
    part: str = "both"
    uncertainty: str = "all"
    method: str = "wald"
    n: int | None = None

    def __post_init__(self) -> None:
        confidence("confidence", self.confidence)
        checked_seed("seed", self.seed)
        corrected = isinstance(self.se, str) and self.se == "corrected"
        if not isinstance(self.se, (bool, np.bool_)) and not corrected:
            raise OptionError(
                "se is True or False, or 'corrected'",
                found=f"se={shown(self.se)}",
                fix="se=True; se='corrected' counts the error of the estimated variances too",
            )
        for name in ACCEPTED:
            _checked(name, getattr(self, name))
        if self.n is not None:
            whole("n", self.n, least=LEAST_DRAWS, of="the number of draws")
        if self.part == "random" and (not self.terms or self.interval == "prediction"):
            population = not self.terms
            raise OptionError(
                "the random part alone has no "
                + ("random effects here" if population else "observations"),
                found="part='random' with " + ("none of them" if population else "'prediction'"),
                fix="leave out part, or take level='conditional' and interval='confidence'",
            )

    @property
    def draws(self) -> int:
        """Draws or refits of the methods that make them."""
        return self.n or DRAWS[self.method]

    @property
    def needs_random(self) -> bool:
        """Whether the variables of the random part have to be in the data."""
        return bool(self.terms) or self.interval == "prediction"


def _checked(name: str, value: Any) -> None:
    number = name == "level" and isinstance(value, (float, np.floating))
    one_of(name, value, ACCEPTED[name], fix=LEVEL.format(value) if number else "")


def chosen_terms(random: Any, level: str, labels: Sequence[TermLabel]) -> tuple[int, ...]:
    """Positions of the random-effects terms that a prediction holds.

    Parameters
    ----------
    random : "all", None, str, or sequence of str
        Grouping factors (all their terms) or labels of single terms.
    level : str
        "population" holds none.
    labels : sequence of TermLabel

    Raises
    ------
    OptionError
        A name that is neither, or names beside ``level="population"``.
    """
    _checked("level", level)
    every = isinstance(random, str) and random == "all"
    names = [] if random is None else [random] if isinstance(random, str) else random
    if not isinstance(names, (list, tuple, set, frozenset)) or not all(
        isinstance(name, str) for name in names
    ):
        raise OptionError(
            "random names the grouping factors whose effects count",
            found=f"random={shown(random)}",
            fix="random='all', random=None for the population, or a list such as random=['g']",
        )
    if level == "population":
        if names and not every:
            raise OptionError(
                "population predictions have no random effects",
                found=f"level='population' with random={shown(random)}",
                fix="leave out one of the two",
            )
        return ()
    if every:
        return tuple(range(len(labels)))
    known = [name for label in labels for name in (label.factor, label.label)]
    for name in names:
        if name not in known:
            shown_names = ", ".join(f"'{k}'" for k in dict.fromkeys(known))
            raise OptionError(
                f"no random effects of {shown(name)} in this model",
                found=f"random={shown(random)}",
                fix=suggestion(name, known) or f"choose among {shown_names}",
            )
    return tuple(
        k for k, label in enumerate(labels) if label.factor in names or label.label in names
    )
