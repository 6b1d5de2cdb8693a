"""Structured covariances on every page: by their parameters, not by all of their entries."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

import ranef as rn

PARTS = {
    "us": "(0 + Machine | Worker)",
    "homdiag": "homdiag(0 + Machine | Worker)",
    "cs": "cs(0 + Machine | Worker)",
    "homcs": "homcs(0 + Machine | Worker)",
    "ar1": "ar1(0 + Machine | Worker)",
    "hetar1": "hetar1(0 + Machine | Worker)",
    "toep": "toep(0 + Machine | Worker)",
    "homtoep": "homtoep(0 + Machine | Worker)",
    "rr": "rr(0 + Machine | Worker, 2)",
}


@pytest.fixture(scope="module")
def fits():
    data = rn.datasets.load("machines")
    return {tag: rn.lmm(f"score ~ Machine + {part}", data) for tag, part in PARTS.items()}


@pytest.fixture(scope="module")
def days():
    return rn.lmm("Reaction ~ Days + ar1(0 + Days | Subject)", rn.datasets.load("sleepstudy"))


@pytest.fixture(scope="module")
def nothing():
    """A structure without any variance."""
    data = rn.datasets.load("dyestuff2").assign(third=lambda d: np.arange(len(d)) % 5 // 2)
    return rn.lmm("Yield ~ 1 + homcs(0 + factor(third) | Batch)", data)


def random_effects(fit) -> list[list[str]]:
    """The lines of the random effects in a summary, cut into cells."""
    page = str(fit.summary())
    lines = page[page.index("Random effects") : page.index("Fixed effects")].splitlines()[2:]
    return [re.split(r"\s{2,}", line.strip()) for line in lines if line.strip()]


def test_ten_occasions_are_one_line(days) -> None:
    assert random_effects(days) == [
        ["Subject", "ar1, 10 occasions", "2241.12", "47.34", "0.883"],
        ["Residual", "228.93", "15.13"],
        ["ar1: one variance and a correlation rho^d at the distance d in time"],
    ]
    assert "0.883" in str(days)  # what the prompt shows


def test_gaps_are_told() -> None:
    data = rn.datasets.load("orthodont")
    fit = rn.lmm("distance ~ age * Sex + ar1(0 + age | Subject)", data, subset="age != 10")
    assert random_effects(fit)[0][1] == "ar1, 3 occasions with gaps"
    assert "d = (0, 2, 3)" not in fit.equation()  # three effects are written out
    assert r"\tau^2 \rho^{2}" in fit.equation()


def test_each_parameter_has_one_place(fits) -> None:
    assert random_effects(fits["cs"])[:4] == [
        ["Worker", "cs, 3 effects", "0.736"],
        ["Machine[A]", "16.929", "4.114"],
        ["Machine[B]", "70.892", "8.420"],
        ["Machine[C]", "19.908", "4.462"],
    ]
    assert random_effects(fits["homdiag"])[0] == ["Worker", "homdiag, 3 effects", "36.768", "6.064"]
    toep = random_effects(fits["toep"])
    assert [line[0] for line in toep[1:6]] == [
        *("Machine[A]", "Machine[B]", "Machine[C]"),
        *("at distance 1", "at distance 2"),
    ]


def test_a_reduced_rank_tells_it_and_looks_free(fits) -> None:
    lines = random_effects(fits["rr"])
    assert lines[0] == ["Worker", "rr, rank 2 of 3"]
    assert len(lines[3]) == 5  # Machine[C], variance, SD and two correlations
    assert len(lines) == 5
    assert "rank" not in str(random_effects(fits["us"]))


def test_html_explains_the_tags(fits) -> None:
    html = fits["toep"].summary()._repr_html_()
    assert html.count("toep: a variance for each time and a correlation for each distance") == 1
    assert html.index("at distance 2") < html.index("toep: a variance") < html.index("Estimate")


def test_a_correlation_short_of_one_never_reads_as_one() -> None:
    from ranef.present.structured import correlation_text

    assert correlation_text(0.99996) == "0.99996"
    assert correlation_text(-0.99996) == "-0.99996"
    assert correlation_text(1.0 - 1e-12) == "1.000"
    assert correlation_text(float("nan")) == ""


@pytest.mark.parametrize("tag", [tag for tag in PARTS if tag != "rr"])
def test_the_frame_of_parameters_agrees_with_all_variances(fits, tag) -> None:
    frame, full = fits[tag].random_parameters, fits[tag].varcorr()
    assert list(frame.columns) == ["group", "structure", "parameter", "estimate"]
    assert set(frame["structure"]) == {tag}
    kinds = frame["parameter"].str.split().str[0]
    assert len(frame) == fits[tag].theta.size
    within = full[full["group"] == "Worker"]
    sds = within.loc[within["term2"].isna(), "sd"].to_numpy()
    correlations = within.loc[within["term2"].notna(), "sd"].to_numpy()
    own = frame.loc[kinds == "sd", "estimate"].to_numpy()
    np.testing.assert_allclose(sds, np.broadcast_to(own, sds.shape), rtol=1e-10)
    for value in frame.loc[kinds == "cor", "estimate"]:
        assert np.isclose(correlations, value, rtol=1e-10).any()


def test_loadings_make_the_covariance(fits) -> None:
    frame = fits["rr"].random_parameters
    assert list(frame["parameter"][:2]) == ["loading 1 of Machine[A]", "loading 1 of Machine[B]"]
    values = frame["estimate"].to_numpy()
    loadings = np.array([[values[0], 0.0], [values[1], values[3]], [values[2], values[4]]])
    matrix = fits["rr"]._covariances[0].matrix
    np.testing.assert_allclose(loadings @ loadings.T, matrix, rtol=1e-10)


def test_other_frames_keep_every_pair(fits) -> None:
    for tag in PARTS:
        assert len(fits[tag].varcorr()) == 7
        assert len(fits[tag].tidy("ran_pars")) == 7


def test_a_table_has_the_parameters_of_each_structure(fits) -> None:
    table = rn.compare(*(fits[tag] for tag in ("us", "cs", "homcs", "ar1", "homtoep")))
    rows = {row.label: [cell.value for cell in row.cells] for row in table.blocks[-1].rows}
    assert list(rows) == [
        *(f"Var: Worker Machine[{level}]" for level in "ABC"),
        "Var: Worker (all)",
        "Cov: Worker Machine[A] Machine[B]",
        "Cov: Worker Machine[A] Machine[C]",
        "Cov: Worker Machine[B] Machine[C]",
        "Corr: Worker (cs)",
        "Corr: Worker (ar1)",
        "Corr: Worker (toep, distance 1)",
        "Corr: Worker (toep, distance 2)",
        "Var: Residual",
    ]
    assert rows["Var: Worker Machine[A]"][2:] == [None, None, None]
    for place, tag in ((1, "cs"), (2, "homcs")):
        correlation = fits[tag].random_parameters["estimate"].iloc[-1]
        assert rows["Corr: Worker (cs)"][place] == correlation
    sds = rn.compare(fits["homcs"], scale="sd").blocks[-1].rows
    assert [row.label for row in sds] == ["SD: Worker (all)", "Corr: Worker (cs)", "SD: Residual"]
    for text in (table.to_markdown(), table.to_html(), table.to_latex(), str(table)):
        assert "(toep, distance" in " ".join(text.split())
        assert "one variance and one correlation for all pairs" in " ".join(text.split())


def test_without_variance_there_is_no_correlation(nothing) -> None:
    assert nothing.certificate.rank == {"Batch": 0}
    assert np.isnan(nothing.random_parameters["estimate"].iloc[1])
    assert random_effects(nothing)[0] == ["Batch", "homcs, 3 effects", "0.00", "0.00"]
    labels = [row.label for row in rn.compare(nothing, scale="sd").blocks[-1].rows]
    assert labels == ["SD: Batch (all)", "SD: Residual"]


def test_maketables_has_the_parameters(days) -> None:
    keys = days.__maketables_default_stat_keys__
    assert keys[4:] == ["Groups: Subject", "SD (Subject)", "Cor (Subject)", "SD (Residual)"]


EQUATIONS = {
    "homdiag": r"\tau^2 \, I_{3}",
    "cs": r"\tau_{\text{A}} \tau_{\text{B}} \rho & \tau_{\text{B}}^2",
    "homcs": r"\tau^2 \rho & \tau^2 \rho & \tau^2",
    "ar1": r"\tau^2 \rho^{2} & \tau^2 \rho & \tau^2",
    "hetar1": r"\tau_{\text{A}} \tau_{\text{C}} \rho^{2}",
    "toep": r"\tau_{\text{A}} \tau_{\text{C}} \rho_{2}",
    "homtoep": r"\tau^2 \rho_{2} & \tau^2 \rho_{1} & \tau^2",
    "rr": r"\Lambda \Lambda'\right), \quad \Lambda = \begin{pmatrix} \lambda_{11} & 0",
}


@pytest.mark.parametrize("tag", EQUATIONS)
def test_the_matrix_of_a_structure_is_a_formula(fits, tag) -> None:
    text = fits[tag].equation()
    assert EQUATIONS[tag] in text
    assert text.count(r"u_{\text{Machine}[ij],\, j}") == 2  # level 1 and the mixed form
    assert text.count("{") == text.count("}")
    assert text.count(r"\begin{") == text.count(r"\end{")


def test_many_occasions_have_the_general_entry(days) -> None:
    text = days.equation()
    assert r"\mathrm{T}_{st} = \tau^2 \rho^{|s - t|}" in text
    assert r"(u_{\text{0},\, j}, \dots, u_{\text{9},\, j})'" in text


def test_gaps_among_many_occasions_are_in_the_equation() -> None:
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + ar1(0 + Days | Subject)", data, subset="Days != 3")
    assert r"\rho^{|d_s - d_t|}, \quad d = (0, 1, 2, 4, 5, 6, 7, 8, 9)" in fit.equation()


def test_several_structures_have_parameters_of_their_own() -> None:
    data = rn.datasets.load("cake")
    part = "cs(0 + recipe | replicate) + ar1(0 + temp | recipe:replicate)"
    text = rn.lmm(f"angle ~ recipe + temp + {part}", data).equation()
    assert r"\rho_{\text{replicate}}" in text
    assert r"\rho_{\text{recipe:replicate}}^{|s - t|}" in text


def test_slopes_of_a_structure_keep_their_names() -> None:
    data = rn.datasets.load("orthodont")
    text = rn.lmm("distance ~ age * Sex + cs(age | Subject)", data).equation()
    assert r"\beta_{1j} &= \gamma_{10}" in text
    assert r"\tau_{0}^2 \\ \tau_{0} \tau_{1} \rho & \tau_{1}^2" in text


def test_the_rank_of_a_formula_is_full(fits) -> None:
    fit = fits["rr"]
    assert fit.certificate.verdict == "interior optimum"
    assert not fit.certificate.singular
    assert (fit.certificate.rank, fit.certificate.full) == ({"Worker": 2}, {"Worker": 2})
    assert "the rank that the formula gives them" in str(fit.certificate)
    assert "full rank" in str(fits["cs"].certificate)
    assert fit.findings == ()
    glance = fit.glance().iloc[0]
    assert (glance["rank"], glance["singular"]) == ("2 of 2", False)
    assert not any(f.code == "supported-rank" for f in fit.diagnose().findings)


def test_a_bound_is_named_by_its_parameter() -> None:
    data = rn.datasets.load("cake")
    part = "(1 | replicate) + ar1(0 + temp | recipe:replicate)"
    fit = rn.lmm(f"angle ~ recipe + temp + {part}", data)
    assert fit.certificate.singular
    (finding,) = (f for f in fit.findings if f.code == "boundary")
    assert "the correlation is 1 in recipe:replicate" in finding.message
    assert "slope" not in finding.message


def test_lines_have_corners_at_the_occasions(days) -> None:
    axes = days.plot.slopes("Days")
    lines = [line for line in axes.lines if len(line.get_xdata()) == 10]
    assert len(lines) == 18
    assert lines[0].get_xdata().tolist() == list(range(10))
    plt.close("all")


@pytest.mark.parametrize("tag", ["cs", "ar1", "toep", "rr"])
def test_plots_draw_structured_effects(fits, tag) -> None:
    for plot in (fits[tag].plot.caterpillar, fits[tag].plot.qq, fits[tag].plot.residuals):
        plot()
        plt.close("all")


@pytest.mark.parametrize("tag", PARTS)
def test_a_saved_fit_shows_the_same(fits, tag, tmp_path) -> None:
    fits[tag].save(tmp_path / "m.ranef")
    again = rn.load(tmp_path / "m.ranef")
    assert str(again.summary()) == str(fits[tag].summary())
    assert again.equation() == fits[tag].equation()
    assert again.random_parameters.equals(fits[tag].random_parameters)
