"""What ``--json`` prints. The keys are stable; ``docs/command-line.md`` lists them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ranef.present.protocol import term_ranks
from ranef.present.text.names import prior_phrases
from ranef.present.text.plain import to_json

if TYPE_CHECKING:
    import pandas as pd

    from ranef.explore.structure import Structure
    from ranef.types import Finding

__all__ = ["fit_record", "models_record", "structure_record", "to_json"]

_FIXEF = {
    "estimate": "estimate",
    "std_error": "se",
    "df": "df",
    "statistic": "t",
    "p_value": "p",
}


def fit_record(
    model: Any, ddf: str = "satterthwaite", vcov: Any = None, exponentiate: bool = False
) -> dict[str, Any]:
    """A fit as plain values.

    Parameters
    ----------
    model : Fit
    ddf : str
    vcov : str or dict, optional
        Degrees of freedom and standard errors of the fixed effects.
    exponentiate : bool
        Whether exp of the fixed effects is wanted too.

    Returns
    -------
    dict
        formula, reml, prior, nobs, ngroups, missing_rows, dropped, ddf, vcov, fixef, varcorr,
        random_parameters, residual_parameters, sigma, criteria, certificate, findings. A
        generalised fit has no residual_parameters; it has family, link, n_agq, dispersion,
        fixef_zero, fixef_dispersion, thresholds, laplace_error and separation too.
    """
    table = model.coefficients(ddf, vcov=vcov).rename(columns=_FIXEF)[list(_FIXEF.values())]
    certificate = model.certificate
    return {
        "formula": model.formula,
        "reml": model.reml,
        "prior": list(prior_phrases(model.prior)),
        "nobs": model.nobs,
        "ngroups": dict(model.ngroups),
        "missing_rows": len(model.missing_rows),
        "dropped": list(model.dropped),
        "ddf": ddf,
        "vcov": vcov,
        "fixef": _records(table.rename_axis(index="term").reset_index()),
        **(_ratios(model, ddf, vcov) if exponentiate else {}),
        "varcorr": _records(model.varcorr()),
        "random_parameters": _records(model.random_parameters),
        **_residual_part(model),
        "sigma": model.sigma,
        "criteria": {
            "criterion": model.criterion,
            "loglik": model.loglik,
            "deviance": model.deviance,
            "aic": model.aic,
            "bic": model.bic,
            "df_model": model.df_model,
            "df_resid": model.df_resid,
        },
        "certificate": {
            "verdict": certificate.verdict,
            "certified": certificate.certified,
            "sentence": str(certificate),
            "gain": certificate.gain,
            "step_se": certificate.step_se,
            "rank": [
                {"group": group, "rank": rank, "size": size}
                for group, rank, size in term_ranks(model)
            ],
            "dual_min_eig": certificate.dual_min_eig,
            "evaluations": certificate.evaluations,
        },
        "findings": _findings(model._findings_to_show),
    }


def _ratios(model: Any, ddf: str, vcov: Any) -> dict[str, Any]:
    from ranef.present.ratios import need_ratio

    kind = need_ratio(model)
    table = model.tidy(ddf=ddf, vcov=vcov, exponentiate=True)
    fixed = table.loc[table["effect"] == "fixed", ["term", "estimate", "conf_low", "conf_high"]]
    return {"ratios": {"kind": kind, "terms": _records(fixed)}}


def _residual_part(model: Any) -> dict[str, Any]:
    """What a row varies by beside its mean: residuals, or the family of a generalised model."""
    if model._distribution is None:
        return {"residual_parameters": _records(model.residual_parameters)}
    error = model.laplace_error
    return {
        "family": model.family,
        "link": model.link,
        "n_agq": model.n_agq,
        "dispersion": model.dispersion,
        "fixef_zero": model.fixef_zero.to_dict(),
        "fixef_dispersion": model.fixef_dispersion.to_dict(),
        "thresholds": model.thresholds.to_dict(),
        "laplace_error": {
            "deviance": error.deviance,
            "uncertainty": error.uncertainty,
            "largest_shift": error.largest_shift,
            "method": error.method,
        },
        "separation": _separation(model.certificate.separation),
    }


def _separation(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "exists": found.exists,
        "proof": found.proof,
        "coefficients": dict(found.coefficients),
        "predicted_rows": int(found.predicted.sum()),
        "complete": found.complete,
    }


def models_record(tests: pd.DataFrame, verdicts: dict[str, str], method: str) -> dict[str, Any]:
    """Tests between models as plain values.

    Parameters
    ----------
    tests : DataFrame
        Of ``rn.anova``.
    verdicts : dict
        By formula.
    method : str

    Returns
    -------
    dict
        method, models.
    """
    known = tests.astype(object).where(tests.notna(), None)
    models = _records(known.rename_axis(index="formula").reset_index())
    return {
        "method": method,
        "models": [made | {"verdict": verdicts[made["formula"]]} for made in models],
    }


def structure_record(structure: Structure) -> dict[str, Any]:
    """The levels of a data set as plain values.

    Returns
    -------
    dict
        n_rows, groups, variables, components, relations, findings.
    """
    return {
        "n_rows": structure.n_rows,
        "groups": _records(structure.groups),
        "variables": _records(structure.variables),
        "components": _records(structure.components),
        "relations": _records(structure.relations),
        "findings": _findings(structure.findings),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def _findings(findings: Iterable[Finding]) -> list[dict[str, str]]:
    keys = ("code", "severity", "message", "evidence", "where", "fix")
    return [{key: getattr(finding, key) for key in keys} for finding in findings]
