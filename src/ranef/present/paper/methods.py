"""The methods paragraph of a paper about a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranef._version import __version__
from ranef.present.paper.estimation_words import (
    Cited,
    dropped,
    errors_words,
    estimation,
    known_parts,
    priors,
    rows_left_out,
    verdict,
)
from ranef.present.paper.model_words import (
    categories,
    centring,
    fixed_part,
    opening,
    other_parts,
)
from ranef.present.paper.random_words import random_part, residual_part
from ranef.present.paper.references import cited, reference_list
from ranef.present.protocol import FittedModel, coefficients_of
from ranef.present.request import Request
from ranef.present.text.prose import Code, Piece, Prose
from ranef.present.text.words import Words

__all__ = ["Methods", "methods"]


class Methods(Prose):
    """A methods paragraph, and its references below. It is a string."""

    @property
    def paragraph(self) -> str:
        """The text without the references."""
        return "".join(self.paragraphs[0])

    @property
    def references(self) -> tuple[str, ...]:
        """The entries of the list of references."""
        return tuple("".join(pieces) for pieces in self.paragraphs[2:])


def methods(
    model: FittedModel,
    request: Request,
    ddf: str = "auto",
    vcov: Any = None,
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> Methods:
    """What was fitted, how, and to what, in sentences that are true of this fit.

    Parameters
    ----------
    model : FittedModel
    request : Request
    ddf, vcov, level
        Of the tests and intervals that the paper reports.
    labels : mapping of str to str, optional
        Words by column, as in ``rn.lmm``.
    """
    words = model._words.also(labels)
    coded = categories(request, words, [str(name) for name in model.fixef.index])
    centred, centring_keys = centring(request, words)
    tests, test_keys = _tests(model, ddf, vcov, level, words)
    estimated, estimation_keys = estimation(model, request, __version__)
    penalty, prior_keys = priors(model)
    judged, verdict_keys = verdict(model, words)
    sentences = [
        opening(model, words),
        *known_parts(request, words),
        rows_left_out(model, request, words),
        fixed_part(request.formula, words),
        coded,
        centred,
        dropped(model, words),
        *other_parts(model, words),
        *random_part(model, words),
        residual_part(model, request, words),
        estimated,
        penalty,
        judged,
        tests,
        "The formula of the model was",
    ]
    text = " ".join(sentence for sentence in sentences if sentence)
    body: list[Piece] = [f"{text} ", Code(request.formula.text)]
    in_lme4 = bool(request.formula.bars) and not _beyond_lme4(request)
    body.append(f", in the notation of lme4 {cited('formula')}." if in_lme4 else ".")
    keys = [*centring_keys, *estimation_keys, *prior_keys, *verdict_keys, *test_keys]
    keys += ["formula"] if in_lme4 else []
    return Methods([body, ["References"], *reference_list(keys, f"Version {__version__}")])


def _beyond_lme4(request: Request) -> bool:
    """Whether the formula has what lme4's do not have: structures, centring within groups."""
    formula = request.formula
    centred = any(state.means for state in request.states)
    return centred or any(bar.structure != "us" for bar in formula.bars)


def _tests(model: FittedModel, ddf: str, vcov: Any, level: float, words: Words) -> Cited:
    """How coefficients are tested; the options are checked by asking for the tests."""
    table = coefficients_of(model, ddf, level, vcov)
    if not len(table):
        return "", ()
    interval = f"{100.0 * level:.4g}% confidence intervals"
    if vcov is not None:
        kind = vcov if isinstance(vcov, str) else next(iter(vcov))
        keys = ("bell", "pustejovsky") if kind == "CR2" else ("liang",)
        errors = errors_words(model, vcov, words)
        text = f"Standard errors, tests and {interval} of fixed effects use {errors}"
        return f"{text} {cited(*keys)}.", keys
    by_normal = model._distribution is not None or ddf == "asymptotic"
    if by_normal:
        return (
            f"Fixed effects were tested by Wald z tests, with {interval} from the normal "
            "distribution.",
            (),
        )
    if ddf == "residual" or not model.ngroups:
        return (
            "Fixed effects were tested by t tests with the degrees of freedom of the residuals, "
            f"with {interval} from the same distribution.",
            (),
        )
    name = "kenward-roger" if ddf == "kenward-roger" else "satterthwaite"
    whose = "Kenward and Roger's" if name == "kenward-roger" else "Satterthwaite's"
    text = (
        f"Fixed effects were tested by t tests with {whose} degrees of freedom {cited(name)}, with "
        f"{interval} from the same distributions"
    )
    zeros = model._df_in_words(ddf, None)
    if zeros and ddf == "satterthwaite":
        text += "; they take a variance that is estimated as zero as known"
    elif zeros:
        text += "; they do not take a variance that is estimated as zero as known"
    return f"{text}.", (name,)
