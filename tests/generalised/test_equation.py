"""LaTeX of generalised models."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.generalised import fits

import ranef as rn

FITS: dict[str, tuple[Callable[[], rn.GeneralisedFit], list[str]]] = {
    "trials": (
        fits.cbpp,
        [
            r"n_{ij} \, \text{incidence / size}_{ij} &\sim \mathrm{Binomial}(n_{ij}, \mu_{ij})",
            r"\text{Level 1:} \quad \operatorname{logit}(\mu_{ij}) &= \beta_{0j} + ",
            r"\text{Mixed:} \quad \operatorname{logit}(\mu_{ij}) &= \gamma_{00}",
            r"u_{0j} &\sim \mathcal{N}(0, \tau_{00})",
        ],
    ),
    "single": (fits.contraception, [r"\text{use}_{ij} &\sim \mathrm{Bernoulli}(\mu_{ij})"]),
    "probit": (lambda: fits.cbpp(family="binomial(probit)"), [r"\Phi^{-1}(\mu_{ij}) &="]),
    "crossed": (
        fits.broods,
        [
            r"\text{TICKS}_{i} &\sim \mathrm{NegBin}(\mu_{i}, \theta)",
            r"\mathrm{Var}(\text{TICKS}_{i}) &= \mu_{i} + \mu_{i}^2 / \theta",
            r"\log(\mu_{i}) &= \beta_{0} + ",
        ],
    ),
    "zeros": (
        lambda: fits.of_groups("inflated", "nbinom2", "1", zero_inflation="~ z"),
        [
            r"\begin{cases} 0 & \text{with probability } \pi_{ij} \\ \mathrm{NegBin}",
            r"\operatorname{logit}(\pi_{ij}) &= \zeta_{0} + \zeta_{1} \, \mathrm{I}(\text{z}_{ij}",
        ],
    ),
    "hurdle": (
        lambda: fits.of_groups("inflated", "hurdle_poisson", "1"),
        [r"\text{with probability } \pi \\", r"\mathrm{Poisson}(\mu_{ij}) \text{ above } 0"],
    ),
    "dispersion": (
        lambda: fits.of_groups("count", "nbinom1", "1", dispersion="~ x"),
        [
            r"\mathrm{Var}(\text{count}_{ij}) &= \mu_{ij} \, (1 + \phi_{ij})",
            r"\log(\phi_{ij}) &= \delta_{0} + \delta_{1} \, \text{x}_{ij}",
        ],
    ),
    "gamma": (
        lambda: fits.of_groups("amount", "gamma(log)"),
        [r"\mathrm{Gamma}(\mu_{ij}, \sigma)", r"= \sigma^2 \, \mu_{ij}^2", r"\beta_{1j} &= "],
    ),
    "ordered": (
        fits.answers,
        [
            r"\operatorname{logit}(\mathrm{P}(\text{answer}_{ij} \le k)) &= \alpha_k - \eta_{ij}",
            r"\alpha_1 < \dots < \alpha_{3}",
            r"\text{Mixed:} \quad \eta_{ij} &= \gamma_{10} \, \text{x}_{ij} + u_{0j}",
        ],
    ),
}
# Commands that KaTeX 0.16 knows and that amsmath has.
COMMANDS = {
    *("text", "mathrm", "mathcal", "operatorname", "log", "sqrt", "begin", "end", "left", "right"),
    *("sim", "quad", "le", "dots", "Phi"),
    *("alpha", "beta", "gamma", "delta", "zeta", "eta", "mu", "pi", "phi", "theta", "sigma", "tau"),
}


@pytest.mark.parametrize("name", FITS)
def test_the_equation_of(name: str) -> None:
    make, parts = FITS[name]
    text = str(make().equation())
    for part in parts:
        assert part in text
    assert r"g(\mathrm{E}" not in text
    assert text.count("{") == text.count("}")
    assert set(re.findall(r"\\([A-Za-z]+)", text)) <= COMMANDS
    environments = re.findall(r"\\(begin|end)\{(\w+)\}", text)
    assert {env for _, env in environments} <= {"aligned", "cases", "pmatrix"}
    inside = re.sub(r"\\begin\{(cases|pmatrix)\}.*?\\end\{\1\}", "", text)
    lines = inside.splitlines()[1:-1]
    assert all(line.count("&") == 1 for line in lines)


def test_successes_and_an_offset() -> None:
    data = rn.datasets.load("cbpp")
    fit = rn.glmm("cbind(incidence, size - incidence) ~ period + (1 | herd)", data)
    assert r"\text{incidence}_{ij} &\sim \mathrm{Binomial}(n_{ij}" in str(fit.equation())
    rate = rn.glmm("count ~ x + offset(x) + (1 | g)", fits.grouped(), family="poisson")
    assert r"+ u_{0j} + \text{offset}_{ij}" in str(rate.equation())
