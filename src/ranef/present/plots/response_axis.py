"""The axis of the response: its scale and its label."""

from __future__ import annotations

import numpy as np

from ranef.errors import OptionError
from ranef.options import one_of
from ranef.present.protocol import FittedModel
from ranef.present.text.names import response_of
from ranef.present.text.words import Words
from ranef.types import Array

__all__ = ["check_scale", "observed", "response_label"]


def check_scale(model: FittedModel, scale: str) -> bool:
    """Whether linear predictors are asked for, and not means of the response.

    Raises
    ------
    OptionError
        Another scale; means of ordered answers.
    """
    one_of("scale", scale, ("response", "link"))
    ordered = model._distribution is not None and model._distribution.family == "cumulative"
    if ordered and scale == "response":
        raise OptionError(
            "ordered answers have a probability each, and no mean to draw",
            where=model.formula,
            found="scale='response'",
            fix='use scale="link"; fit.predict(newdata) has the probabilities of the answers',
        )
    return scale == "link"


def response_label(model: FittedModel, linked: bool, words: Words) -> str:
    """What an axis of predictions holds."""
    response, distribution = words.variable(response_of(model.formula)), model._distribution
    if distribution is None:
        return f"{response}, predicted mean"
    if linked:
        return f"{response}, {model._response_scale.predictor}"
    if distribution.success:
        return f"Probability that {response} is {distribution.success}"
    zeros = " without the zero part" if distribution.part("zero") else ""
    return f"{response}, {model._response_scale.of}{zeros}"


def observed(model: FittedModel) -> Array:
    """The response in the rows used, proportions of binomial responses."""
    left = np.asarray(model.residuals("response"), dtype=float)
    return np.asarray(np.asarray(model.fitted, dtype=float) + left)
