"""Priors of terms with covariance structures."""

from __future__ import annotations

import numpy as np
import pytest
from tests.inference.structures import data
from tests.oracle.penalty import value as penalty_value

import ranef as rn
from ranef.covariance import structure_of
from ranef.priors.covariance import CovariancePrior
from ranef.problem.parameters import group_lambdas, to_data

PRIORS: dict[str, CovariancePrior] = {
    "wishart": rn.priors.Wishart(),
    "scaled": rn.priors.Wishart(scale=2.0),
    "lkj": rn.priors.LKJ(2.0),
    "half-t": rn.priors.HalfT(3.0, 1.5),
    "half-normal": rn.priors.HalfNormal(1.5),
}
SHARED = ("ar1", "homcs", "homdiag", "homtoep")


def fit(structure: str, prior: CovariancePrior) -> rn.Fit:
    return rn.lmm(f"y ~ x + {structure}(0 + t | g)", data(), prior=prior)


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("structure", ["cs", "ar1"])
def test_value_and_derivative(structure: str, prior: str) -> None:
    found = fit(structure, PRIORS[prior])
    assert found.certificate.certified
    problem = found._problem
    kernel, plain = problem.kernel(), problem.with_prior(None).kernel()
    inner = found._solution.inner + 0.1 * np.cos(np.arange(found._solution.inner.size))

    def value(x: np.ndarray) -> float:
        kernel.evaluate(group_lambdas(problem, x))
        return float(kernel.value)

    plain.evaluate(group_lambdas(problem, inner))
    d = to_data(problem, inner)[1][0]
    own = PRIORS[prior].for_size(4)
    if structure in SHARED and own.of_sds:  # one standard deviation, not four
        density = penalty_value(own.penalty(1), d[:1, :1])
    else:
        density = penalty_value(own.penalty(4), d)
    assert value(inner) - plain.value == pytest.approx(density, rel=1e-9)
    (gamma,) = kernel.gamma()
    step = 1e-5
    for move, unit in zip(
        structure_of(problem.terms[0]).directions(inner), step * np.eye(inner.size), strict=True
    ):
        slope = (value(inner + unit) - value(inner - unit)) / (2.0 * step)
        assert float(np.sum(gamma * move)) == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("structure", SHARED)
def test_a_gamma_prior_is_one_of_a_shared_deviation(structure: str) -> None:
    prior = rn.priors.Gamma(shape=3.0, rate=2.0)
    found = fit(structure, prior)
    assert found.certificate.certified
    sd = found._parameter_values[2] / found.sigma
    plain = found._problem.with_prior(None).kernel()
    plain.evaluate(group_lambdas(found._problem, found._solution.inner))
    density = penalty_value(prior.penalty(1), np.array([[sd**2]]))
    assert found.criterion - plain.value == pytest.approx(density, rel=1e-8)
    with pytest.raises(rn.OptionError, match="a single standard deviation"):
        fit("cs", prior)


@pytest.mark.parametrize("prior", ["wishart", "scaled", "lkj"])
def test_no_density_that_is_zero_at_every_reduced_rank(prior: str) -> None:
    formula = "y ~ x + rr(0 + t | g, 2)"
    with pytest.raises(rn.OptionError, match="zero at all covariances of reduced rank"):
        rn.lmm(formula, data(), prior=PRIORS[prior])
    assert rn.lmm(formula, data(), prior=PRIORS["half-t"]).certificate.certified


def test_the_smallest_prior_knows_what_fits_a_structure() -> None:
    low = rn.lmm("y ~ x + ar1(0 + t | g)", data(1, 1.0))
    assert low.certificate.rank["g"] == 1
    reduced = rn.lmm("y ~ x + rr(0 + t | g, 3)", data(1, 1.0))
    with pytest.raises(rn.OptionError, match="zero at all covariances of reduced rank"):
        rn.priors.smallest(reduced)
    assert rn.priors.smallest(low).prior is not None
