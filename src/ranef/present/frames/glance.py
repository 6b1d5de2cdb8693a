"""A fit as one row, with the meanings of broom.mixed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ranef.present.protocol import FittedModel, term_ranks

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["glance"]


def glance(model: FittedModel) -> pd.DataFrame:
    """One row for the whole model.

    Returns
    -------
    DataFrame
        nobs, sigma (NaN without a residual variance), logLik, AIC, BIC, REMLcrit or deviance,
        df_residual as broom.mixed has them; converged (the optimum is certified), singular (a
        covariance matrix has a lower rank than its structure allows), rank (``"1 of 2"``, one entry
        a term), verdict, method (``"REML"``, ``"ML"``). Of a generalised model also family, link,
        dispersion (NaN without one) and approximation (of the likelihood).
    """
    import pandas as pd

    ranks = term_ranks(model)
    likelihood = model.criterion if model.prior is None else -2.0 * model.loglik
    criterion = ("REMLcrit", likelihood) if model.reml else ("deviance", model.deviance)
    row = {
        "nobs": model.nobs,
        "sigma": math.nan if model.sigma is None else model.sigma,
        "logLik": model.loglik,
        "AIC": model.aic,
        "BIC": model.bic,
        criterion[0]: criterion[1],
        "df_residual": model.df_resid,
        "converged": model.certificate.certified,
        "singular": any(rank < size for _, rank, size in ranks),
        "rank": ", ".join(f"{rank} of {size}" for _, rank, size in ranks),
        "verdict": model.certificate.verdict,
        "method": "REML" if model.reml else "ML",
    }
    distribution = model._distribution
    if distribution is not None:
        row |= {
            "family": distribution.family,
            "link": distribution.link,
            "dispersion": distribution.dispersion,
            "approximation": distribution.approximation,
        }
    return pd.DataFrame([row])
