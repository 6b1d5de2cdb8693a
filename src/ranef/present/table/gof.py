"""The statistics of a whole model that a table can show: a line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ranef.errors import RanefError
from ranef.present.protocol import FittedModel
from ranef.present.text.names import response_of

__all__ = ["CRITERIA", "DEFAULT_GOF", "EXPANDED", "GOF", "Measure", "measured", "names_of"]

Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class Measure:
    """A statistic of the model.

    Attributes
    ----------
    label : str
    value : callable or None
        None for those that stand on a column of the table anyway.
    kind : {"criterion", "share", "size", "other"}
        A share cannot be above 1 and has three decimals; a size has decimals for two digits.
    """

    label: str
    value: Callable[[FittedModel], Value] | None = None
    kind: Literal["criterion", "share", "size", "other"] = "other"


GOF = {
    "response": Measure("Response", lambda m: response_of(m.formula)),
    "family": Measure("Family"),
    "link": Measure("Link"),
    "method": Measure("Method", lambda m: "REML" if m.reml else "ML"),
    "aic": Measure("AIC", kind="criterion"),
    "bic": Measure("BIC", kind="criterion"),
    "loglik": Measure("Log Likelihood", kind="criterion"),
    "aicc": Measure("AICc", lambda m: m.aicc, "criterion"),
    "caic": Measure("Conditional AIC", lambda m: m.caic(), "criterion"),
    "deviance": Measure("Deviance", lambda m: m.deviance, "criterion"),
    "criterion": Measure("Criterion", lambda m: m.criterion, "criterion"),
    "nobs": Measure("Num. obs."),
    "ngroups": Measure("Num. groups"),
    "df_model": Measure("Num. parameters", lambda m: m.df_model),
    "df_resid": Measure("Residual df", lambda m: m.df_resid),
    "sigma": Measure("Sigma", lambda m: m.sigma, "size"),
    "r2": Measure("R\N{SUPERSCRIPT TWO}"),
    "r2_marginal": Measure("Marginal R\N{SUPERSCRIPT TWO}", lambda m: m.r2().marginal, "share"),
    "r2_conditional": Measure(
        "Conditional R\N{SUPERSCRIPT TWO}", lambda m: m.r2().conditional, "share"
    ),
    "icc": Measure("ICC", lambda m: m.icc().adjusted, "share"),
    "verdict": Measure("Optimum", lambda m: m.certificate.verdict),
}
"""By the name that ``gof=`` takes."""

EXPANDED = {"r2": ("r2_marginal", "r2_conditional")}
"""Names that stand for several rows."""

CRITERIA = ("aic", "bic", "loglik")
"""Those that are shown by maximum likelihood too."""

DEFAULT_GOF = ("family", "link", *CRITERIA, "nobs", "ngroups")


def names_of(
    gof: Sequence[tuple[str, str | None]] | None,
) -> tuple[tuple[str, str | None], ...]:
    """Names and words as asked for, each name one row or one for each group."""
    asked = [(name, None) for name in DEFAULT_GOF] if gof is None else list(gof)
    out: list[tuple[str, str | None]] = []
    for name, word in asked:
        for one in EXPANDED.get(name, (name,)):
            said = GOF[one].label.replace(GOF[name].label, word) if word else None
            out.append((one, word if one == name else said))
    return tuple(out)


def measured(models: Sequence[FittedModel], names: Sequence[str]) -> list[dict[str, Value]]:
    """The statistics of each model that are not on its column anyway, None where there is not one.

    Raises
    ------
    RanefError
        Not one of the models has a statistic that is asked for: what the first of them says.
    """
    out: list[dict[str, Value]] = [{} for _ in models]
    for name in names:
        compute = GOF[name].value
        if compute is None:
            continue
        refused: list[RanefError] = []
        for model, row in zip(models, out, strict=True):
            try:
                row[name] = compute(model)
            except RanefError as error:
                refused.append(error)
                row[name] = None
        if len(refused) == len(models):
            raise refused[0]
    return out
