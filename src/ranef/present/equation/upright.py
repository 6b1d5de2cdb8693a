"""Names in upright type: any characters, in LaTeX's text mode."""

from __future__ import annotations

__all__ = ["ESCAPES", "IN_MATHS", "upright"]

ESCAPES = {
    "\\": r"\textbackslash{}",
    "_": r"\_",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "`": r"\textasciigrave{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
"""Characters with a meaning in text mode, and signs that old fonts do not have."""

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi",
    "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi",
    "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip

IN_MATHS = {
    **{letter: rf"\{name}" for letter, name in _GREEK.items()},
    "µ": r"\mu",
    "Ω": r"\Omega",
    "×": r"\times",
    "·": r"\cdot",
    "±": r"\pm",
    "−": "-",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "→": r"\to",
    "∞": r"\infty",
    "√": r"\surd",
    "¹": "^1",
    "²": "^2",
    "³": "^3",
}
"""Characters that LaTeX's text fonts do not have and its mathematics does."""


def upright(shown: str) -> str:
    r"""Any characters in upright type.

    Letters outside of the Latin alphabet, but for the Greek one, need XeLaTeX or LuaLaTeX and a
    font that has them.

    >>> upright("cwc_ses"), upright("x^2"), upright("µg")
    ('\\text{cwc\\_ses}', '\\text{x\\textasciicircum{}2}', '\\text{$\\mu$g}')
    """
    return r"\text{" + "".join(map(_character, shown)) + "}"


def _character(c: str) -> str:
    if c in IN_MATHS:
        return f"${IN_MATHS[c]}$"
    return ESCAPES.get(c, c)
