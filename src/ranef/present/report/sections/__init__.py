"""The sections of the report, in the order of the page. A new one is a file and a line here."""

from __future__ import annotations

from ranef.present.report.sections import (
    checks,
    computed,
    data,
    estimates,
    groups,
    others,
    paper,
    predictions,
    short,
)
from ranef.present.report.sections.section import Section

__all__ = ["SECTIONS", "Section"]

SECTIONS = (
    Section("short", "In short", "In short", short.body),
    Section("estimates", "Estimates", "Estimates", estimates.body),
    Section("groups", "How groups differ", "Groups", groups.body),
    Section("predictions", "Predictions", "Predictions", predictions.body),
    Section("checks", "Does the model fit?", "Does it fit?", checks.body),
    Section("others", "Would another model change the answer?", "Other models", others.body),
    Section("paper", "For your paper", "For your paper", paper.body),
    Section("data", "Data and model", "Data", data.body),
    Section("computed", "How it was computed", "Computation", computed.body),
)
