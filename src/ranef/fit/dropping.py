"""A fit compared with those of the model without one term each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ranef.errors import OptionError
from ranef.fit.mixed_record import MixedRecord
from ranef.fit.record import FitRecord
from ranef.fit.variants import fixed_columns, variant
from ranef.formula import Formula
from ranef.inference.anova import TermTests, term_tests
from ranef.inference.drop_terms import droppable, dropped_rows, formula_without
from ranef.inference.likelihood_ratio import error_of_ratio, fixed_part_ratio, within_error
from ranef.inference.term_hypotheses import TermHypotheses
from ranef.types import Array

__all__ = ["LikelihoodTests", "drop_by_f", "drop_by_likelihood", "smaller_by_ml"]


class LikelihoodTests(NamedTuple):
    """One entry for each term."""

    npar: Array
    aic: Array
    statistic: Array
    p_value: Array


def drop_by_f(record: FitRecord, ddf: str, vcov: Any = None) -> tuple[tuple[str, ...], TermTests]:
    """Wald tests that the smaller model holds."""
    design, method = record._design, record._method(ddf, vcov)
    terms = droppable(design)
    rows = []
    for term in terms:
        names, columns = fixed_columns(record, formula_without(record._formula, term))
        rows.append(dropped_rows(design, term, names, columns))
    of_terms = tuple(term.name for term in terms)
    estimates = record._estimates
    hypotheses = TermHypotheses(of_terms, tuple(rows))
    return of_terms, term_tests(hypotheses, estimates.beta, estimates.sigma, method)


def drop_by_likelihood(
    full: MixedRecord, smaller: Callable[[Formula], MixedRecord], instead: str
) -> tuple[tuple[str, ...], LikelihoodTests]:
    """Likelihood ratio tests of ML fits.

    Parameters
    ----------
    full : MixedRecord
        By ML.
    smaller : callable
        The ML fit of a formula with fewer terms.
    instead : str
        What a fit with a prior has in its place.

    Raises
    ------
    OptionError
        The fit has a prior: its estimates do not maximise the likelihood.
    """
    from scipy import special

    if full._problem.prior is not None:
        raise OptionError(
            "a likelihood ratio is of fits without priors",
            found='test="chisq" for a penalised fit',
            fix=f"{instead}, or fit without prior=",
        )
    terms = droppable(full._design)
    out = LikelihoodTests(*np.full((4, len(terms)), np.nan))
    for k, term in enumerate(terms):
        without = smaller(formula_without(full._formula, term))
        out.npar[k] = full._design.p - without._design.p
        out.aic[k] = without._estimates.aic
        if out.npar[k] > 0:
            ratio = 2.0 * (full._estimates.loglik - without._estimates.loglik)
            out.statistic[k] = max(0.0, ratio)
            out.p_value[k] = special.chdtrc(out.npar[k], out.statistic[k])
            errors = (m._solution.certificate.error_criterion for m in (full, without))
            if (error := error_of_ratio(*errors)) > 0.0:
                judge = partial(fixed_part_ratio, fewer=int(out.npar[k]))
                out.p_value[k] = within_error(out.statistic[k], error, judge).p_high
    return tuple(term.name for term in terms), out


def smaller_by_ml(record: FitRecord, formula: Formula) -> FitRecord:
    """A linear model with fewer terms, by ML."""
    return variant(record, formula, reml=False)
