"""Larger random parts: what a model leaves out although the data ask for it."""

from ranef.diagnose.larger.findings import effect_text, larger_findings, nested_text, part_text
from ranef.diagnose.larger.search import Found, Larger, larger_parts

__all__ = [
    "Found",
    "Larger",
    "effect_text",
    "larger_findings",
    "larger_parts",
    "nested_text",
    "part_text",
]
