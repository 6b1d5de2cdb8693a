"""Fits side by side, and tests of one against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, cast

from ranef.answers import refuse_unknown_options
from ranef.errors import OptionError
from ranef.fit import MixedFit
from ranef.options import instance, one_of, shown
from ranef.present.progress import progress, progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.protocol import FittedModel
    from ranef.present.table.facade import ComparisonTable

__all__ = ["anova", "compare"]


@refuse_unknown_options("rn.compare")
@progress("comparing the models")
def compare(
    *models: MixedFit | Sequence[MixedFit] | Mapping[str, Any],
    labels: Sequence[str] | Mapping[str, str] | None = None,
    scale: Literal["variance", "sd"] = "variance",
    ic: Literal["ml", "as-fitted"] = "ml",
    vcov: Any = None,
    exponentiate: bool = False,
    coef_map: Mapping[str, str] | Sequence[str] | None = None,
    keep: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    statistic: str | Sequence[str] | None = None,
    stars: bool | Mapping[str, float] | None = None,
    digits: int | None = None,
    gof: Sequence[str] | Mapping[str, str] | None = None,
    random: bool = True,
    add_rows: Mapping[str, Sequence[Any] | Mapping[str, Any]] | None = None,
    notes: Sequence[str] | bool | None = None,
    spanners: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    standardize: Literal["refit", "within", "basic"] | None = None,
    style: Literal["default", "apa"] = "default",
    caption: str = "",
    ddf: str = "auto",
    level: float = 0.95,
) -> ComparisonTable:
    """Models side by side in a publication table.

    Parameters
    ----------
    *models : Fit
        One after the other, in a list, or in a dict whose names are the headings of the columns:
        ``{"raw": m1, "centred": m2}``. A dict in it has models below one heading:
        ``{"Linear": {"raw": m1, "centred": m2}, "Logistic": m3}``.
    labels : sequence of str, or mapping of str to str, optional
        A list has the headings of the columns; ``Model 1``, ``Model 2``, ... by default. A mapping
        has words for columns, calls and coefficients: ``{"ses": "SES", "sch.id": "School"}``; they
        go before those of the fits and of the data. For both, give the models in a dict.
    scale : {"variance", "sd"}
        Random effects as variances and covariances, or as SDs and correlations.
    ic : {"ml", "as-fitted"}
        With ``"ml"``, models fitted by REML with different fixed parts are fitted once more by ML
        and their comparable criteria are shown too.
    vcov : str, mapping or list, optional
        ``"CR2"`` and others of ``Fit.robust``: cluster-robust standard errors and the tests that
        follow from them. A list has one entry for each model, None for the model's own errors. A
        note says so.
    exponentiate : bool
        exp of the coefficients: odds ratios, rate ratios, or ratios if the response of a linear
        model is a ``log()``. Standard errors are by the delta method, stars those of the
        coefficients.
    coef_map : mapping of str to str, or sequence of str, optional
        Which coefficients are shown, in this order; keys are names as in ``fit.fixef``. A mapping
        gives their rows names, and coefficients of equal names share a row:
        ``{"ses": "SES", "ses_within": "SES"}``.
    keep, drop : str or sequence of str, optional
        Which coefficients are shown or left out: names as in ``fit.fixef``, or regular expressions
        that are found in them.
    statistic : str or sequence of str, optional
        The line under an estimate: ``"se"``, ``"ci"``, ``"t"``, ``"p"``, ``"none"``, or a template
        such as ``"[{conf_low}, {conf_high}]"``; a list has several lines. The fields are estimate,
        stars, std_error, statistic, df, p_value, conf_low and conf_high. A template with the
        estimate in it takes the place of the line above.
    stars : bool or mapping of str to float, optional
        Marks of significance: ``{"*": 0.1, "**": 0.05}``. By default the style decides.
    digits : int, optional
        Decimals. Without it a row has two, or as many as its smallest standard error, variance or
        covariance needs to show two significant digits.
    gof : sequence of str, or mapping of str to str, optional
        Statistics of the models in this order, a mapping with words for them: aic, bic, loglik,
        aicc, caic, deviance, criterion, nobs, ngroups, r2, r2_marginal, r2_conditional, icc, sigma,
        df_model, df_resid, response, family, link, method, verdict. One that a model does not have
        is left empty.
    random : bool
        Whether the variances of the random effects and residuals are shown.
    add_rows : mapping of str to sequence or mapping, optional
        Further rows: by label a value for each model, or values by heading.
    notes : sequence of str or bool, optional
        Notes below those of the table; False for none at all.
    spanners : sequence of str, or mapping of str to sequence of str, optional
        Headings above several columns: one for each model, empty for none, or the headings below
        each.
    standardize : str, optional
        ``"refit"``, ``"within"`` or ``"basic"``: standardised coefficients, as in ``Fit.tidy``.
        With ``"refit"`` variances and criteria are those of the standardised fits too.
    style : {"default", "apa"}
        ``"apa"`` follows the Publication Manual of the American Psychological Association (7th
        edition): number and title, symbols in italics, no zero before the point of what cannot be
        above 1, p values in place of stars, one note that begins with *Note.*
    caption : str
        The title of the table. In the style ``"apa"`` its number is that of the caption,
        ``"Table 2. Achievement of pupils"``, or 1.
    ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
        Degrees of freedom of the tests and intervals.
    level : float
        Of the intervals.

    Returns
    -------
    ComparisonTable
        ``str()`` is the text form; ``to_markdown``, ``to_html``, ``to_latex``, ``to_typst``,
        ``to_docx``, ``to_gt``, ``to_frame``, and ``write(path)`` by the ending of the name.

    Raises
    ------
    OptionError
        An option outside of what it accepts; a name that is not a coefficient; two coefficients of
        one model in one row; coefficients that are not logarithms of ratios.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> m1 = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> aic = rn.compare(m1, m2).to_frame().loc[("fit", "AIC")]
    >>> aic.xs("estimate", level="part").round(1).to_dict()
    {'Model 1': 1794.5, 'Model 2': 1755.6}
    >>> models = {"intercepts": m1, "slopes": m2}
    >>> words = {"Days": "Days without sleep"}
    >>> options = {"statistic": "ci", "gof": ["nobs"], "random": False, "notes": False}
    >>> print(rn.compare(models, labels=words, keep="Days", **options))
    ================================================
                          intercepts       slopes
    ------------------------------------------------
    Days without sleep      10.47 ***      10.47 ***
                        [8.88, 12.06]  [7.21, 13.73]
    ------------------------------------------------
    Num. obs.                 180            180
    ================================================
    """
    from ranef.present.table.build import arrange, shown_models
    from ranef.present.table.options import table_options

    fits, headings, above = _named(models)
    options = table_options(
        len(fits),
        headings=headings,
        labels=labels,
        spanners=above if spanners is None else spanners,
        scale=scale,
        ic=ic,
        ddf=ddf,
        level=level,
        vcov=vcov,
        standardize=standardize,
        exponentiate=exponentiate,
        coef_map=coef_map,
        keep=keep,
        drop=drop,
        statistic=statistic,
        stars=stars,
        digits=digits,
        gof=gof,
        random=random,
        add_rows=add_rows,
        notes=notes,
        style=style,
        caption=caption,
    )
    models_shown = shown_models(cast("list[FittedModel]", fits), options)
    ml = None
    if options.ic == "ml" and any(model.reml for model in models_shown):
        ml = [cast("MixedFit", model)._by_ml() for model in models_shown]
    return arrange(models_shown, options, ml)


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


def _named(models: Sequence[Any]) -> tuple[list[MixedFit], list[str], list[str] | None]:
    """The fits, their headings if they have names, and the headings above those if they have."""
    if len(models) != 1 or not isinstance(models[0], Mapping):
        return _fits(models), [], None
    fits: list[Any] = []
    headings: list[Any] = []
    above: list[Any] = []
    for name, entry in models[0].items():
        inside = entry.items() if isinstance(entry, Mapping) else [(name, entry)]
        for heading, fit in inside:
            fits.append(fit)
            headings.append(heading)
            above.append(name if isinstance(entry, Mapping) else "")
    if not all(isinstance(text, str) for text in (*headings, *above)):
        raise OptionError(
            "models in a dict have their headings as names",
            found=f"names {shown(list(models[0]))}",
            fix='as in rn.compare({"raw": m1, "centred": m2})',
        )
    return _fits(fits), headings, above if any(above) else None


def _fits(models: Sequence[Any], function: str = "rn.compare") -> list[MixedFit]:
    """The fits, given one after the other or in one list."""
    if len(models) == 1 and isinstance(models[0], (list, tuple)):
        models = models[0]
    example = f"as in {function}(m1, m2), with what rn.lmm returned"
    what = f"{function} compares fits"
    kind: type[Any] = MixedFit
    return [instance("models", model, kind, example, what=what) for model in models]
