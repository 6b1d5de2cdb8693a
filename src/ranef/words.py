"""The words of other programs, and what ranef calls the same thing.

One table for each place where a user types a name: after ``rn.``, after ``fit.``, and as the option
of a function. A name that is not ranef's is answered from here. An entry whose name ranef comes to
have itself is to be deleted; a test says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NoReturn, TypeVar

from ranef.errors import UnknownNameError, UsageError, suggestion

__all__ = ["FIT", "MODULE", "OPTIONS", "refuse_unknown_options", "unknown_in_fit", "unknown_in_ranef"]

T = TypeVar("T")

_LMM = "rn.lmm(formula, data)"
_GLMM = "ranef fits linear mixed models only: see docs/limitations.md for tools of other families"
_TABLE = 'fit.coefficients(), in the column "{}"'
_TESTS = (
    "the coefficients are tested by fit.summary(), random effects by fit.diagnose(); "
    "rn.compare(m1, m2) puts the criteria of models side by side"
)
_MEANS = "fit.predict(newdata, level=\"population\", interval=\"confidence\") at the values you choose"
_VARIANCES = "fit.varcorr()"

MODULE: dict[str, str] = {
    # lme4, nlme, glmmTMB and lmerTest
    "lmer": _LMM,
    "lme": f"{_LMM}, with the groups in the formula: (x | g)",
    "glmer": _GLMM,
    "glmmTMB": _GLMM,
    "glm": _GLMM,
    "nlmer": "ranef fits linear mixed models only",
    "lm": "without random effects, statsmodels or pyfixest is the right tool",
    "ols": "without random effects, statsmodels or pyfixest is the right tool",
    "lmerControl": "rn.Control(), as in rn.lmm(formula, data, control=rn.Control(restarts=5))",
    "fixef": "fit.fixef",
    "ranef": "fit.ranef()",
    "coef": "fit.coef()",
    "VarCorr": _VARIANCES,
    "sigma": "fit.sigma",
    "vcov": "fit.vcov",
    "logLik": "fit.loglik",
    "deviance": "fit.deviance",
    "REMLcrit": "fit.criterion",
    "AIC": "fit.aic",
    "BIC": "fit.bic",
    "nobs": "fit.nobs",
    "ngrps": "fit.ngroups",
    "df_residual": "fit.df_resid",
    "fitted": "fit.fitted",
    "resid": "fit.residuals()",
    "residuals": "fit.residuals()",
    "hatvalues": "fit.leverage",
    "confint": "fit.confint()",
    "profile": "fit.profile()",
    "bootMer": "fit.bootstrap()",
    "predict": "fit.predict(newdata)",
    "simulate": "fit.simulate()",
    "refit": "fit.refit(y)",
    "refitML": "fit.with_reml(False)",
    "update": "rn.lmm() with the other formula",
    "summary": "fit.summary()",
    "getME": "fit.theta, fit.sigma, fit.fixef and their neighbours",
    "isSingular": "fit.certificate.verdict, and fit.certificate.rank for each term",
    "allFit": "fit.diagnose(), whose first rungs search from other starts",
    "rePCA": "fit.certificate.rank",
    "anova": _TESTS,
    "ranova": _TESTS,
    "drop1": _TESTS,
    "emmeans": _MEANS,
    "lsmeans": _MEANS,
    "findbars": "rn.lmm() reads the formula itself",
    # tidyverse and others
    "tidy": "fit.tidy()",
    "glance": "fit.glance()",
    "augment": "fit.augment()",
    "screenreg": "rn.compare(m1, m2)",
    "modelsummary": "rn.compare(m1, m2)",
    "stargazer": "rn.compare(m1, m2).to_latex()",
    "load_dataset": 'rn.datasets.load("sleepstudy")',
    # statsmodels, pymer4, MixedModels.jl
    "mixedlm": f"{_LMM}, with the groups in the formula: (x | g)",
    "MixedLM": f"{_LMM}, with the groups in the formula: (x | g)",
    "Lmer": _LMM,
    "MixedModel": _LMM,
    "LinearMixedModel": _LMM,
    "GeneralizedLinearMixedModel": _GLMM,
    "fit": _LMM,
    "parametricbootstrap": "fit.bootstrap()",
    "centre": "rn.center(data, column, by=group)",
}

FIT: dict[str, str] = {
    # statsmodels
    "params": "fit.fixef",
    "fe_params": "fit.fixef",
    "bse": _TABLE.format("std_error"),
    "bse_fe": _TABLE.format("std_error"),
    "tvalues": _TABLE.format("statistic"),
    "zvalues": _TABLE.format("statistic"),
    "pvalues": _TABLE.format("p_value"),
    "conf_int": "fit.confint()",
    "cov_params": "fit.vcov",
    "cov_re": _VARIANCES,
    "vcomp": _VARIANCES,
    "random_effects": "fit.ranef()",
    "random_effects_cov": "fit.ranef(), whose columns ending in _sd are conditional SDs",
    "fittedvalues": "fit.fitted",
    "resid": "fit.residuals()",
    "llf": "fit.loglik",
    "scale": "fit.sigma, which is its square root",
    "converged": "fit.certificate.certified",
    "df_residual": "fit.df_resid",
    "df_modelwc": "fit.df_model",
    "model": "fit.formula and fit.model_frame()",
    "wald_test": "fit.summary()",
    "t_test": "fit.summary()",
    # lme4 and its neighbours
    "VarCorr": _VARIANCES,
    "logLik": "fit.loglik",
    "loglikelihood": "fit.loglik",
    "log_likelihood": "fit.loglik",
    "AIC": "fit.aic",
    "BIC": "fit.bic",
    "REMLcrit": "fit.criterion",
    "isREML": "fit.reml",
    "is_reml": "fit.reml",
    "REML": "fit.reml",
    "isSingular": "fit.certificate.verdict, and fit.certificate.rank for each term",
    "is_singular": "fit.certificate.verdict, and fit.certificate.rank for each term",
    "singular": "fit.certificate.verdict, and fit.certificate.rank for each term",
    "getME": "fit.theta, fit.sigma, fit.fixef and their neighbours",
    "refitML": "fit.with_reml(False)",
    "bootMer": "fit.bootstrap()",
    "boot": "fit.bootstrap()",
    "ngrps": "fit.ngroups",
    "n_groups": "fit.ngroups",
    "n_obs": "fit.nobs",
    "hatvalues": "fit.leverage",
    "hat": "fit.leverage",
    "cooks_distance": "fit.diagnose(), which names groups of large influence",
    "influence": "fit.diagnose(), which names groups of large influence",
    "update": "rn.lmm() with the other formula",
    "anova": _TESTS,
    "ranova": _TESTS,
    "drop1": _TESTS,
    "lrtest": _TESTS,
    "test": _TESTS,
    "emmeans": _MEANS,
    "lsmeans": _MEANS,
    "allFit": "fit.diagnose(), whose first rungs search from other starts",
    "rePCA": "fit.certificate.rank",
    "optinfo": "fit.log",
    "data": "fit.model_frame()",
    "frame": "fit.model_frame()",
    "warnings": "fit.findings",
    "messages": "fit.findings",
    "convergence": "fit.certificate",
    # pymer4 and MixedModels.jl
    "coefs": "fit.coefficients()",
    "ranef_var": _VARIANCES,
    "ranef_corr": _VARIANCES,
    "fits": "fit.fitted",
    "grps": "fit.ngroups",
    "post_hoc": _MEANS,
    "plot_summary": "fit.plot.effects(x)",
    "coeftable": "fit.coefficients()",
    "coefnames": "fit.fixef.index",
    "stderror": _TABLE.format("std_error"),
    "std_errors": _TABLE.format("std_error"),
    "beta": "fit.fixef",
    "betas": "fit.fixef",
    "se": _TABLE.format("std_error"),
    "objective": "fit.criterion",
    "optsum": "fit.log",
    "dof": "fit.df_model",
    "dof_residual": "fit.df_resid",
    "issingular": "fit.certificate.verdict, and fit.certificate.rank for each term",
    "parametricbootstrap": "fit.bootstrap()",
    "sigmas": _VARIANCES,
    "fit": "rn.lmm(), which returns the fitted model",
    "to_latex": "fit.equation() for the model, rn.compare(fit).to_latex() for its table",
    "to_html": "rn.compare(fit).to_html()",
    "to_markdown": "rn.compare(fit).to_markdown()",
}

_GROUPS = 'groups stand in the formula, as in "y ~ x + (x | g)"'
_ROWS = 'choose the rows first, as in rn.lmm(formula, data[data["x"] > 0])'
_SEARCH = "control=rn.Control(...)"
_POPULATION = (
    'level="population" to leave all random effects out (re_form=NA), level="conditional" to take '
    "them in (re_form=NULL)"
)
_DDF = 'ddf="satterthwaite"'

#: By function, as `rn.` and `fit.` name it; those under "" hold for every function.
OPTIONS: dict[str, dict[str, str]] = {
    "lmm": {
        "family": _GLMM,
        "link": _GLMM,
        "subset": _ROWS,
        "na_action": 'missing="drop" (na.omit) or missing="raise" (na.fail)',
        "groups": _GROUPS,
        "group": _GROUPS,
        "re_formula": _GROUPS,
        "vc_formula": _GROUPS,
        "random": _GROUPS,
        "exog_re": _GROUPS,
        "correlation": "ranef has no residual correlation: see docs/limitations.md",
        "method": 'reml=True or reml=False; the search is chosen by control=rn.Control(method="newton")',
        "optimizer": _SEARCH,
        "verbose": "fit.log tells how the fit was found",
        "ddf": "fit.summary(ddf=...): degrees of freedom are chosen when they are used",
        "contr": "contrasts=",
        "priors": "prior=",
        "cov_prior": "prior=rn.priors.Wishart()",
        "fixef_prior": "prior=rn.priors.Normal()",
        "theta": "start=",
        "df": "data=",
        "devFunOnly": "start=theta, control=rn.Control(max_evaluations=1) to evaluate the criterion",
    },
    "compare": {
        "names": "labels=",
        "custom_model_names": "labels=",
        "digits": "rn.compare(...).to_frame() has every digit",
        "models": "rn.compare(m1, m2)",
    },
    "center": {
        "group": "by=",
        "groups": "by=",
        "cluster": "by=",
        "columns": 'rn.center(data, "x", by="g")',
        "column": 'rn.center(data, "x", by="g")',
        "method": 'how="within" or how="grand"',
    },
    "structure": {"by": "groups=", "group": "groups=", "columns": "variables="},
    "predict": {
        "re_form": _POPULATION,
        "re_formula": _POPULATION,
        "allow_new_levels": 'new_levels="population" or new_levels="sample"',
        "se_fit": 'interval="confidence"',
        "type": "a linear model has one scale: leave it out",
        "data": "newdata=",
        "exog": "newdata=",
        "new_data": "newdata=",
        "alpha": "confidence=, which is 1 - alpha",
    },
    "simulate": {"nsim": "n=", "re_form": "simulated responses have new random effects always"},
    "bootstrap": {
        "nsim": "n=",
        "n_boot": "n=",
        "n_samples": "n=",
        "type": "kind=",
        "use_u": 'kind="conditional"',
        "ncpus": "threads=",
        "n_jobs": "threads=",
    },
    "confint": {
        "parm": "fit.confint().loc[name]",
        "boot_type": "type=",
        "nsim": "n=",
        "alpha": "level=, which is 1 - alpha",
    },
    "residuals": {"type": "kind=", "scaled": 'kind="pearson"'},
    "ranef": {"condVar": "condvar=", "postVar": "condvar=", "which": "fit.ranef()[group]"},
    "tidy": {
        "conf_int": "the intervals are there always; level= sets their level",
        "conf_level": "level=",
    },
    "diagnose": {},
    "": {
        "REML": "reml=",
        "conf_level": "level=",
        "confidence_level": "level=",
        "random_state": "seed=",
        "rng": "seed=",
        "n_threads": "threads=",
        "df_method": _DDF,
    },
}


def unknown_in_ranef(name: str, known: Iterable[str]) -> NoReturn:
    """Refuse ``rn.<name>``, with the word to use if it is known.

    Raises
    ------
    UnknownNameError
        An AttributeError, so that ``hasattr`` and ``getattr`` with a default work.
    """
    _unknown("module 'ranef'", "rn.", name, known, MODULE, "dir(rn) lists the names")


def unknown_in_fit(name: str, known: Iterable[str]) -> NoReturn:
    """Refuse ``fit.<name>``, with the word to use if it is known.

    Raises
    ------
    UnknownNameError
        An AttributeError, so that ``hasattr`` and ``getattr`` with a default work.
    """
    _unknown("'Fit' object", "fit.", name, known, FIT, "dir(fit) lists the names")


def _unknown(
    owner: str, prefix: str, name: str, known: Iterable[str], table: Mapping[str, str], else_: str
) -> NoReturn:
    # Python and notebooks ask for such names all the time, and look at no message.
    if name.startswith("_"):
        raise AttributeError(f"{owner} has no attribute '{name}'")
    public = [word for word in known if not word.startswith("_")]
    answer = _entry(name, table)
    near = "" if answer else suggestion(name, public)
    raise UnknownNameError(
        f"{owner} has no attribute '{name}'",
        found=prefix + name,
        fix=_advice(answer) or near or else_,
    )


def _entry(name: str, table: Mapping[str, str]) -> str:
    """The entry of a name, whether its case and dots are the table's or not."""
    folded = {_folded(word): answer for word, answer in table.items()}
    return table.get(name) or folded.get(_folded(name), "")


def _advice(answer: str) -> str:
    """An entry as advice: code gets a verb, a sentence has its own."""
    head = answer.partition(" ")[0]
    return f"use {answer}" if head.startswith(("fit.", "rn.")) or "=" in head else answer


def _folded(word: str) -> str:
    return word.replace("_", "").replace(".", "").lower()


def refuse_unknown_options(called: str) -> Callable[[T], T]:
    """Make a function, or every public method of a class, answer options that it does not have.

    Called with an option of another name, or with too many values without a name, it raises
    :class:`~ranef.errors.UsageError`, which is a TypeError as well.

    Parameters
    ----------
    called : str
        What a user writes: ``"rn.lmm"``, or for the methods of a class ``"fit"``.
    """

    def decorate(what: T) -> T:
        if not isinstance(what, type):
            return _answering(what, called)  # type: ignore[arg-type, return-value]
        for name, function in list(vars(what).items()):
            if not name.startswith("_") and hasattr(function, "__code__"):
                setattr(what, name, _answering(function, f"{called}.{name}"))
        return what

    return decorate


_VARIADIC, _ANY_OPTION = 0x04, 0x08  # flags of a code object: *values, **options


def _answering(function: Callable[..., Any], called: str) -> Callable[..., Any]:
    code = function.__code__
    if code.co_flags & _ANY_OPTION:
        return function
    by_place = code.co_varnames[: code.co_argcount]
    names = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    most = None if code.co_flags & _VARIADIC else len(by_place)

    @wraps(function)
    def answering(*values: Any, **options: Any) -> Any:
        if not options.keys() <= names:
            _refuse_options(called, options, names)
        if most is not None and len(values) > most:
            _refuse_values(called, by_place, names, len(values))
        return function(*values, **options)

    return answering


def _refuse_options(called: str, options: Mapping[str, Any], names: frozenset[str]) -> NoReturn:
    from ranef.options import shown

    name = next(option for option in options if option not in names)
    public = sorted(names - {"self"})
    table = {**OPTIONS[""], **OPTIONS.get(called.rpartition(".")[2], {})}
    same = [known for known in public if _folded(known) == _folded(name)]
    answer = "" if same else _entry(name, table)
    # A word that holds for every function helps only those that have such an option.
    if answer.endswith("=") and answer[:-1] not in names:
        answer = ""
    if same:
        fix = f"write {same[0]}={shown(options[name])}"
    elif answer:
        fix = _advice(answer)
    else:
        fix = suggestion(name, public) or f"help({called}) describes the options"
    raise UsageError(
        f"{called} has no option '{name}'",
        where=f"{name}={shown(options[name])}",
        found=f"options {', '.join(public)}" if public else "it takes no options",
        fix=fix,
    )


def _refuse_values(
    called: str, by_place: tuple[str, ...], names: frozenset[str], given: int
) -> NoReturn:
    extra = int(by_place[:1] == ("self",))
    most = len(by_place) - extra
    named = sorted(names - set(by_place))
    raise UsageError(
        f"{called} takes at most {most} value{'' if most == 1 else 's'} without a name",
        found=f"{given - extra} values",
        fix=f"give options by name: {', '.join(f'{n}=' for n in named)}"
        if named
        else f"help({called}) describes the options",
    )

