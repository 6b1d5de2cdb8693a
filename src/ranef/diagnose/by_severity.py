"""Findings in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterable

from ranef.types import Finding, Findings

__all__ = ["by_severity"]

ORDER = {"problem": 0, "warning": 1, "note": 2}


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each fact once, by severity."""
    once = {(f.code, f.where, f.message): f for f in findings}
    return Findings(sorted(once.values(), key=lambda f: ORDER[f.severity]))
