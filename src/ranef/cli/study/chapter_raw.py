"""The model as asked, and the alarm that other software raises."""

from __future__ import annotations

from dataclasses import replace

from ranef.cli.study import lme4
from ranef.cli.study.estimates import correlation
from ranef.cli.study.fits import GROUP, Study
from ranef.cli.study.page import Chapter, prose, shown
from ranef.present.protocol import term_ranks

__all__ = ["chapter_raw"]


def chapter_raw(study: Study) -> Chapter:
    """The raw fit with its certificate, and what lme4's message is worth."""
    raw = study.raw
    gap = lme4.REML_CRITERION - raw.criterion
    rank, size = next((rank, size) for group, rank, size in term_ranks(raw) if group == GROUP)
    return Chapter(
        "2. The model as asked: raw ses, with a slope for each school",
        (
            str(replace(raw.summary(), residual_quantiles=(), findings=())),
            prose(f"R's {lme4.VERSION} fits the same model and reports:"),
            shown(lme4.MESSAGE),
            prose(
                f"""Its search stopped at a REML criterion of {lme4.REML_CRITERION:.6f}; the
                optimum is {raw.criterion:.6f}. The alarm is worth {gap:.1e} deviance units, where
                3.84 is what a single parameter needs to matter at the 5% level: statistically
                nothing. No prior and no other optimiser is called for."""
            ),
            prose(
                f"""What is true, and what the certificate says: at the optimum the covariance
                matrix of the schools' intercepts and slopes has rank {rank} of {size}; their
                correlation is {correlation(raw):.2f}. That is a finding about this model and these
                data, not a failure. It has a cause, and chapter 6 names it."""
            ),
        ),
    )
