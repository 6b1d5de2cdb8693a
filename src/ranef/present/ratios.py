"""exp of coefficients that are logarithms of ratios."""

from __future__ import annotations

from ranef.errors import OptionError
from ranef.present.protocol import FittedModel

__all__ = ["need_ratio"]


def need_ratio(model: FittedModel) -> str:
    """What exp of a coefficient of `model` is: ``"odds ratio"``.

    Raises
    ------
    OptionError
        It is not a ratio of anything.
    """
    scale = model._response_scale
    if not scale.ratio:
        raise OptionError(
            "exponentiate is for coefficients that are logarithms of ratios",
            where=model.formula,
            found=f"{scale.link} link",
            fix="leave exponentiate out; fit.comparisons(variable) has differences of means",
        )
    return scale.ratio
