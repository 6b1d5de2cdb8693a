"""Rungs of generalised models that need another approximation, or that cannot be judged."""

from __future__ import annotations

from tests.report.test_kinds import counts

import ranef as rn


def test_a_row_effect_beside_quadrature_is_by_laplace() -> None:
    fit = rn.glmm(
        "incidence / size ~ period + (1 | herd)",
        rn.datasets.load("cbpp"),
        family="binomial(probit)",
        weights="size",
        n_agq=5,
    )
    diagnosis = fit.diagnose()
    rung = diagnosis.ladder["row-effect"]
    assert (rung.fitted, rung.comparable, rung.test) == (True, False, None)
    assert "n_agq=1" in rung.code
    assert "nan" not in str(diagnosis)


def test_a_flat_dispersion_is_diagnosed() -> None:
    fit = rn.glmm("y ~ x + (1 | g)", counts(), family="nbinom2", dispersion="~ f")
    assert fit.certificate.verdict == "flat"
    assert fit.diagnose().ladder.rungs[0].verdict == "flat"
