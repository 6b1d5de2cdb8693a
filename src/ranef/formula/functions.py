"""The functions a formula may call."""

from __future__ import annotations

__all__ = [
    "ARITHMETIC",
    "CATEGORY",
    "CENTRING",
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

TRANSFORMS = frozenset({"bs", "cc", "center", "cr", "cs", "poly", "scale", "standardize"})
"""Learn something from the training rows (a mean, knots) and replay it on new data."""

CATEGORY = frozenset({"C", "as.factor", "factor"})
"""Turn a column into a category."""

CENTRING = frozenset({"between", "within"})
"""Group means, and deviations from them."""

KNOWN = ARITHMETIC | TRANSFORMS | CATEGORY | CENTRING | {"cbind", "offset"}

_HINTS = {
    "ns": "natural cubic splines are cr(x, df=4, constraints='center')",
    "s": "smooth terms are not part of this model; use a spline basis such as bs(x, df=5)",
    "te": "smooth terms are not part of this model; use a spline basis such as bs(x, df=5)",
    "relevel": "choose the reference level with C(f, contr.treatment(base='level'))",
    "as.numeric": "columns of numbers need no conversion; convert text before fitting",
    "as.character": "text columns are categories already",
    "interaction": "write a:b",
    "ordered": "order the categories in the data and use the column's name",
    "ln": "the natural logarithm is log(x)",
    "mean": "the mean of a group is between(x, group)",
    "ifelse": "compute this column before fitting and use its name here",
    "cut": "compute this column before fitting and use its name here",
    "lag": "compute this column before fitting and use its name here",
    "np.log": "write log(x)",
    "ar1": "only unstructured (|) and independent (||) covariances are part of the formula",
    "diag": "independent random effects are written (x || group)",
}


def hint(function: str) -> str:
    """What to write instead of a function that a formula does not know; may be empty."""
    return _HINTS.get(function, "")
