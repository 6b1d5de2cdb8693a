"""Findings from the fit itself."""

from __future__ import annotations

from ranef.solve import Certificate
from ranef.types import Finding

__all__ = ["fit_findings"]


def fit_findings(certificate: Certificate) -> tuple[Finding, ...]:
    """What the certificate says that a reader should not miss."""
    out = []
    if certificate.verdict == "boundary optimum":
        out.append(
            Finding(
                code="boundary",
                severity="note",
                message="the best covariance matrix is singular: "
                + "; ".join(certificate.directions),
                evidence=f"dual eigenvalue {certificate.dual_min_eig:+.3g}",
                where=", ".join(
                    k for k in certificate.rank if certificate.rank[k] < certificate.dims[k]
                ),
                fix="the fit is sound; ask whether a predictor is missing between groups, or "
                "whether the random part asks for more than the data hold",
            )
        )
    elif certificate.verdict == "flat":
        out.append(
            Finding(
                code="flat",
                severity="problem",
                message="; ".join(certificate.directions),
                evidence=f"smallest curvature {certificate.min_curvature:.1g}",
                fix="remove one of the terms that compete",
            )
        )
    elif certificate.verdict == "not at an optimum":
        out.append(
            Finding(
                code="not-at-an-optimum",
                severity="problem",
                message="the search stopped before the optimum",
                evidence=f"at least {certificate.gain:.3g} deviance units can be gained",
                fix="raise Control(max_evaluations=...), or start elsewhere",
            )
        )
    if certificate.basins > 1:
        out.append(
            Finding(
                code="several-optima",
                severity="note",
                message=f"searches from {certificate.starts} starts ended in "
                f"{certificate.basins} different optima; this is the lowest",
                fix="nothing to do unless the other optimum makes more sense",
            )
        )
    return tuple(out)
