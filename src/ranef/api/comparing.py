"""Fits side by side, and tests of one against another."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, cast

from ranef.answers import refuse_unknown_options
from ranef.fit import MixedFit
from ranef.options import instance, one_of
from ranef.present.progress import progress, progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.protocol import FittedModel
    from ranef.present.table.facade import ComparisonTable

__all__ = ["anova", "compare"]


@refuse_unknown_options("rn.compare")
@progress("comparing the models")
def compare(
    *models: MixedFit | Sequence[MixedFit],
    labels: Sequence[str] | None = None,
    scale: Literal["variance", "sd"] = "variance",
    ic: Literal["ml", "as-fitted"] = "ml",
    vcov: Any = None,
    exponentiate: bool = False,
) -> ComparisonTable:
    """Models side by side in a publication table.

    Parameters
    ----------
    *models : Fit
        One after the other, or in a list.
    labels : sequence of str, optional
        Column headings; ``Model 1``, ``Model 2``, ... by default.
    scale : {"variance", "sd"}
        Random effects as variances and covariances, or as SDs and correlations.
    ic : {"ml", "as-fitted"}
        With ``"ml"``, models fitted by REML with different fixed parts are fitted once more by ML
        and their comparable criteria are shown too.
    vcov : str or mapping, optional
        ``"CR2"`` and others of ``Fit.robust``: cluster-robust standard errors and the stars that
        follow from them. A note says so.
    exponentiate : bool
        exp of the coefficients: odds ratios, rate ratios, or ratios if the response of a linear
        model is a ``log()``. Standard errors are by the delta method, stars those of the
        coefficients.

    Returns
    -------
    ComparisonTable
        ``str()`` is the text form; ``to_markdown``, ``to_html``, ``to_latex``, ``to_docx``,
        ``to_frame``.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> m1 = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> aic = rn.compare(m1, m2).to_frame().loc[("fit", "AIC")]
    >>> aic.xs("estimate", level="part").round(1).to_dict()
    {'Model 1': 1794.5, 'Model 2': 1755.6}
    """
    from ranef.present.table.build import build_table

    fits = _fits(models)
    one_of("ic", ic, ("ml", "as-fitted"))
    ml = None
    if ic == "ml" and any(model.reml for model in fits):
        ml = [model._by_ml() for model in fits]
    return build_table(
        cast("list[FittedModel]", fits),
        labels=labels,
        scale=scale,
        ic=ic,
        ml=ml,
        vcov=vcov,
        exponentiate=exponentiate,
    )


@refuse_unknown_options("rn.anova")
def anova(
    *models: MixedFit | Sequence[MixedFit],
    method: Literal["lrt", "bootstrap", "exact"] = "lrt",
    n: int = 1000,
    seed: int | None = None,
) -> pd.DataFrame:
    """Likelihood ratio tests between nested models.

    Each model is tested against the next smaller one. All have the same response, rows, weights
    and offset; the order of the rows may differ.

    Parameters
    ----------
    *models : Fit
        One after the other, or in a list; in any order.
    method : {"lrt", "bootstrap", "exact"}
        ``"lrt"``: the distribution of the ratio in large samples. A variance cannot be negative: if
        one is tested, this is a mixture of chi-squares, not chi-square with `df` degrees of
        freedom. ``"bootstrap"``: both models are fitted to `n` responses drawn from the smaller
        one. ``"exact"``: the distribution in samples of any size, for one variance against none.
    n : int
        Replicates of the bootstrap.
    seed : int, optional
        The same seed gives the same p values of ``"bootstrap"`` and ``"exact"``.

    Returns
    -------
    DataFrame
        One row a model, the smallest first: npar, aic, bic, loglik, deviance (-2 loglik),
        statistic, df, p_value, law (in words). Where only bounds of the p value are known,
        `p_value` is the upper one and `law` gives both.

    Raises
    ------
    OptionError
        Fewer than two models; models of other data or of another kind; models that are not nested;
        priors; another `method`, or one that does not apply.

    Warns
    -----
    UserWarning
        Models by REML whose fixed parts span different columns have been fitted again by ML; or
        the smaller model is singular, so that only bounds are known.

    References
    ----------
    Self and Liang (1987), Journal of the American Statistical Association 82, 605-610. Stram and
    Lee (1994), Biometrics 50, 1171-1177. Crainiceanu and Ruppert (2004), Journal of the Royal
    Statistical Society B 66, 165-185.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> m1 = rn.lmm("Reaction ~ Days + (Days || Subject)", data)
    >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> table = rn.anova(m1, m2)
    >>> table[["npar", "statistic", "p_value"]].iloc[1].round(2).to_list(), table["law"].iloc[1]
    ([6.0, 0.04, 0.84], 'chi2(1)')
    """
    from ranef.fit.ratios import need_two_of_a_kind
    from ranef.present.frames.anova import models_frame

    fits = _fits(models, "rn.anova")
    one_of("method", method, ("lrt", "bootstrap", "exact"))
    need_two_of_a_kind(fits)
    # A bootstrap has a bar of its own.
    with progress("comparing the models") if method == "lrt" else nullcontext():
        found = fits[0]._ratios(fits, method, n, seed, progress_bar)._asdict()
    return models_frame(found.pop("formulas"), found)


def _fits(models: Sequence[Any], function: str = "rn.compare") -> list[MixedFit]:
    """The fits, given one after the other or in one list."""
    if len(models) == 1 and isinstance(models[0], (list, tuple)):
        models = models[0]
    example = f"as in {function}(m1, m2), with what rn.lmm returned"
    what = f"{function} compares fits"
    kind: type[Any] = MixedFit
    return [instance("models", model, kind, example, what=what) for model in models]
