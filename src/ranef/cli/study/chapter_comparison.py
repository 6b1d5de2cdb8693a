"""The two centred models side by side."""

from __future__ import annotations

from ranef.cli.study.fits import Study
from ranef.cli.study.page import Chapter, prose

__all__ = ["chapter_comparison"]


def chapter_comparison(study: Study) -> Chapter:
    """The table, and which of its rows may be compared."""
    without, with_interaction = study.table.columns
    gain = without.ml.aic - with_interaction.ml.aic
    loglik = with_interaction.ml.loglik - without.ml.loglik
    return Chapter(
        "5. The two models side by side",
        (
            str(study.table),
            prose(
                f"""The rows to compare are those marked (ML). There the interaction lowers AIC by
                {gain:.2f} and raises the log-likelihood by {loglik:.2f} for one parameter more: it
                belongs in the model."""
            ),
        ),
    )
