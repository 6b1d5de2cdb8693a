r"""The priors of a penalised fit as lines.

Priors of covariances are of those relative to the residual variance, Cov(u) / sigma^2; generalised
models have no sigma.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranef.present.equation.lines import Line
from ranef.present.equation.parts import Parts
from ranef.present.equation.upright import upright

__all__ = ["prior_lines"]


def prior_lines(prior: Mapping[str, Any] | None, parts: Parts) -> list[Line]:
    """One line for each prior; none without."""
    lines: list[Line] = []
    for name, value in (prior or {}).items():
        for one in value if isinstance(value, list) else [value]:
            heading = "" if lines else "Priors"
            left = _what(name, one, parts)
            lines.append(Line(left, r"\sim", (upright(repr(one)),), heading=heading))
    return lines


def _what(name: str, prior: Any, parts: Parts) -> str:
    """What has the prior."""
    sigma, variance = (r" / \sigma", r" / \sigma^2") if parts.linear else ("", "")
    if name == "fixed":
        return (r"\gamma" if parts.hierarchy.factors else r"\beta") + sigma
    effects = f"u^{{{parts.writer.group(name)}}}"
    if getattr(prior, "of_sds", False):
        return rf"\mathrm{{SD}}({effects}){sigma}"
    if type(prior).__name__ == "LKJ":
        return rf"\mathrm{{Cor}}({effects})"
    return rf"\mathrm{{Cov}}({effects}){variance}"
