"""What can be said of a model that was refused: findings about its data, and the error."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ranef.present.diagnosis.words import finding_lines, wrapped

if TYPE_CHECKING:
    from ranef.errors import RanefError

__all__ = ["refusal_record", "refusal_text"]


def refusal_text(formula: str, error: RanefError) -> str:
    """Findings and remedy as a page, without the error itself; empty where there are none.

    Examples
    --------
    >>> from ranef.errors import RanefError
    >>> refusal_text("y ~ x", RanefError("no random part"))
    ''
    """
    if not error.findings and error.remedy is None:
        return ""
    sections = [
        [
            *wrapped(f"Diagnosis of {formula}", ""),
            "The model is refused, for the reason given at the end.",
        ]
    ]
    if error.findings:
        sections.append(["Findings about the data", *finding_lines(error.findings)])
    if error.remedy is not None:
        sections.append(
            [
                *wrapped(f"Fitted without what the data refuse: {error.remedy.formula}", ""),
                *wrapped(str(error.remedy.certificate), "  ", hang=False),
            ]
        )
    return "\n\n".join("\n".join(lines) for lines in sections)


def refusal_record(formula: str, error: RanefError) -> dict[str, Any]:
    """Findings and error as plain values.

    Returns
    -------
    dict
        formula; findings; error: kind, what, where, found, fix; remedy: formula, verdict and
        certified of the model without what the data refuse, or None.
    """
    return {
        "formula": formula,
        "findings": [asdict(finding) for finding in error.findings],
        "error": {
            "kind": type(error).__name__,
            "what": error.what,
            "where": error.where,
            "found": error.found,
            "fix": error.fix,
        },
        "remedy": None
        if error.remedy is None
        else {
            "formula": error.remedy.formula,
            "verdict": error.remedy.certificate.verdict,
            "certified": error.remedy.certificate.certified,
        },
    }
