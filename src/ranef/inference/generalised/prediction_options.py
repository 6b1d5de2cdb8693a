"""What may be asked of a prediction from a generalised fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.core import TermLabel
from ranef.errors import OptionError
from ranef.family import Family
from ranef.inference.prediction_options import LEVEL, PredictionOptions, chosen_terms
from ranef.options import boolean, one_of, shown

__all__ = ["GeneralisedOptions", "checked_options"]

KINDS = ("response", "link")
KINDS_OF_ANSWERS = ("response", "probability", "class", "score", "link")


@dataclass(frozen=True, slots=True)
class GeneralisedOptions:
    """What is predicted, and what goes with it.

    Attributes
    ----------
    kind : str
        ``"response"``, ``"link"``; of ordered answers ``"probability"``, ``"class"``, ``"score"``,
        ``"link"``.
    marginal : bool
        Whether means are averaged over the distribution of the random effects.
    interval : {"confidence", "prediction"} or None
    confidence : float
    se : bool
    known_variances : bool
    rows : PredictionOptions
        Which rows: their random effects, and those of a new observation beside.
    """

    kind: str
    marginal: bool
    interval: str | None
    confidence: float
    se: bool
    known_variances: bool
    rows: PredictionOptions

    @property
    def alone(self) -> bool:
        """Whether estimates are all that is wanted."""
        return self.interval is None and not self.se


def checked_options(
    family: Family,
    labels: Sequence[TermLabel],
    *,
    kind: str,
    level: Any,
    new_levels: str,
    interval: str | None,
    confidence: float,
    seed: int | None,
    se: bool,
    random: Any,
    part: str,
    uncertainty: str,
) -> GeneralisedOptions:
    """The options of a call.

    Raises
    ------
    OptionError
        Options outside of what they accept, or that do not go together.
    """
    ordered = family.RESPONSE == "ordered"
    kinds = KINDS_OF_ANSWERS if ordered else KINDS
    one_of("kind", kind, kinds)
    number = isinstance(level, (float, np.floating))
    levels = ("conditional", "population", "marginal")
    one_of("level", level, levels, fix=LEVEL.format(level) if number else "")
    marginal = level == "marginal"
    if marginal and not (random is None or (isinstance(random, str) and random == "all")):
        raise OptionError(
            "marginal predictions average over all random effects",
            found=f"level='marginal' with random={shown(random)}",
            fix="leave out one of the two",
        )
    boolean("se", se)
    terms = chosen_terms("all" if marginal else random, "population" if marginal else level, labels)
    # A marginal mean is over new groups in every term, as a new observation is.
    spread = "prediction" if marginal else interval
    rows = PredictionOptions(
        "conditional" if terms else "population",
        new_levels,
        spread,
        confidence,
        seed,
        se,
        terms=terms,
        part=part,
        uncertainty=uncertainty,
    )
    one_of("interval", interval, (None, "confidence", "prediction"))
    if ordered and kind == "response":
        kind = "probability"
    out = GeneralisedOptions(
        kind, marginal, interval, confidence, bool(se), uncertainty == "known variances", rows
    )
    _check_together(family, out)
    return out


def _check_together(family: Family, asked: GeneralisedOptions) -> None:
    kind, interval = asked.kind, asked.interval
    if asked.rows.part == "random" and kind != "link":
        raise OptionError(
            "the random part is a part of the linear predictor, not of the mean",
            found=f"part='random' with kind={shown(kind)}",
            fix="use kind='link'",
        )
    if kind == "class" and not asked.alone:
        raise OptionError(
            "the most probable answer has no standard error",
            found="kind='class' with se or interval",
            fix="use kind='probability'",
        )
    if kind == "link" and asked.marginal and not family.MEAN_IS_LINKED:
        raise OptionError(
            f"the marginal mean of {family.title} is not on the scale of the linear predictor",
            found="kind='link' with level='marginal'",
            fix="leave kind out",
        )
    if asked.marginal and family.link in ("inverse", "1/mu^2"):
        raise OptionError(
            "this model has no marginal mean: normal random effects bring the linear predictor "
            f"across zero, where the mean is infinite under the {family.link} link",
            found="level='marginal'",
            fix="use level='population', or fit the model with a log link",
        )
    if interval != "prediction":
        return
    if kind == "link":
        raise OptionError(
            "a new observation is on the scale of the response, not of the linear predictor",
            found="interval='prediction' with kind='link'",
            fix="leave kind out, or use interval='confidence'",
        )
    if family.RESPONSE == "ordered":
        raise OptionError(
            "ordered answers have no prediction intervals",
            found="interval='prediction'",
            fix="the probabilities of all answers say more: leave interval out, or use "
            "interval='confidence' for the uncertainty of each probability",
        )
