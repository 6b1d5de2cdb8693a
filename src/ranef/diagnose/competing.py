"""Terms on one grouping factor between which the data do not divide a variance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.design import Design
from ranef.design.identifiable import flat_on_factor
from ranef.design.variance_map import TAKES_PART
from ranef.solve import Certificate
from ranef.types import INTERCEPT, Finding

__all__ = ["competing_findings"]


def competing_findings(design: Design, certificate: Certificate) -> Iterator[Finding]:
    """Flat directions known from the design, unless the certificate has seen them.

    At zero, where such a fit may end, the criterion's slope out of the boundary is rounding error.
    """
    if certificate.verdict == "flat":
        return
    for members in design.suspicious:
        if len(members) == 1:
            continue
        terms = [design.terms[k] for k in members]
        names = [(name, term.label) for term in terms for name in term.names]
        for flat in flat_on_factor(design, members):
            moved = np.abs(np.diag(flat.covariance)) > TAKES_PART
            words = [
                f"the variance of {f'({INTERCEPT})' if name == INTERCEPT else name} by {label}"
                for (name, label), moves in zip(names, moved, strict=True)
                if moves
            ]
            yield Finding(
                code="flat",
                severity="problem",
                message="the data do not tell apart " + " and ".join(words),
                evidence="they can change together and leave the variance of the response as it is",
                where=", ".join(dict.fromkeys(label for _, label in names)),
                fix="remove one of the terms that compete",
            )
