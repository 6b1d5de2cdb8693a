"""The functions a formula may call."""

from __future__ import annotations

__all__ = [
    "ARITHMETIC",
    "CATEGORY",
    "CENTRING",
    "INDICATOR",
    "KNOWN",
    "TRANSFORMS",
    "hint",
]

ARITHMETIC = frozenset(
    {
        "I",
        "abs",
        "ceiling",
        "cos",
        "exp",
        "exp2",
        "expm1",
        "floor",
        "log",
        "log10",
        "log1p",
        "log2",
        "round",
        "sign",
        "sin",
        "sqrt",
        "tan",
    }
)
"""Row by row, one argument, nothing to remember."""

TRANSFORMS = frozenset({"bs", "cc", "center", "cr", "cs", "ns", "poly", "scale", "standardize"})
"""Learn something from the training rows (a mean, knots) and replay it on new data."""

CATEGORY = frozenset({"C", "as.factor", "cut", "factor", "ordered", "relevel"})
"""Turn a column into a category."""

INDICATOR = "dummy"
"""1 where a column has a level, else 0."""

CENTRING = frozenset({"between", "within"})
"""Group means, and deviations from them."""

KNOWN = ARITHMETIC | TRANSFORMS | CATEGORY | CENTRING | {"cbind", INDICATOR, "offset"}

_HINTS = {
    "s": "smooth terms are not part of this model; use a spline basis such as bs(x, df=5)",
    "te": "smooth terms are not part of this model; use a spline basis such as bs(x, df=5)",
    "as.numeric": "columns of numbers need no conversion; convert text before fitting",
    "as.character": "text columns are categories already",
    "interaction": "write a:b",
    "ln": "the natural logarithm is log(x)",
    "mean": "the mean of a group is between(x, group)",
    "ifelse": "compute this column before fitting and use its name here",
    "lag": "compute this column before fitting and use its name here",
    "np.log": "write log(x)",
}


def hint(function: str) -> str:
    """What to write instead of a function that a formula does not know; may be empty."""
    return _HINTS.get(function, "")
