"""Model matrices and groups against R's model.matrix and lme4, on the bundled data."""

import numpy as np
import pytest

from ranef.datasets import load
from ranef.design import build, check_identifiable
from ranef.formula import parse
from ranef.frame import read_table

CASES = [
    (
        "cake",
        "angle ~ recipe * temp + (1 | recipe:replicate)",
        None,
        [270, 90, 90, 54000, 18000, 18000],
        [1, 0, 0, 175, 0, 0],
        {"recipe:replicate": (45, ["A:1", "A:2", "A:3"])},
    ),
    (
        "cake",
        "angle ~ recipe * temp + (1 | recipe:replicate)",
        {"recipe": "sum"},
        [270, 0, 0, 54000, 0, 0],
        [1, 1, 0, 175, 175, 0],
        {"recipe:replicate": (45, ["A:1"])},
    ),
    (
        "cake",
        "angle ~ recipe + temperature + (1 | recipe:replicate)",
        {"temperature": "contr.poly"},
        [270, 90, 90, 0, 0, 0, 0, 0],
        [
            *(1, 0, 0, -0.597614304667197, 0.545544725589981),
            *(-0.372677996249965, 0.188982236504614, -0.0629940788348712),
        ],
        {"recipe:replicate": (45, ["A:1"])},
    ),
    (
        "machines",
        "score ~ Machine + (Machine | Worker)",
        None,
        [54, 18, 18],
        [1, 0, 0],
        {"Worker": (6, ["6", "2", "4"])},
    ),
    (
        "pastes",
        "strength ~ 1 + (1 | batch/cask)",
        None,
        [60],
        [1],
        {"cask:batch": (30, ["a:A", "a:B", "a:C"]), "batch": (10, ["A", "B"])},
    ),
    (
        "hsb",
        "math ~ ses * sector + (ses | sch.id)",
        None,
        [7185, 1.03, 3543, 531.146],
        [1, -1.528, 0, 0],
        {"sch.id": (160, ["1224", "1288", "1296"])},
    ),
    (
        "insteval",
        "y ~ service + (1 | dept:service) + (1 | d) + (1 | s)",
        None,
        [73421, 31783],
        [1, 0],
        {
            "s": (2972, ["1", "2", "3"]),
            "d": (1128, ["1", "6", "7"]),
            "dept:service": (28, ["15:0", "15:1", "5:0"]),
        },
    ),
    (
        "egsingle",
        "math ~ year * lowinc + black + hispanic + (year | schoolid/childid)",
        None,
        [7230, 2745, 562447.1, 4977, 1024, 208877.35],
        [1, 0.5, 40.3, 0, 1, 20.15],
        {"childid:schoolid": (1721, []), "schoolid": (60, ["2020", "2040", "2180"])},
    ),
]


@pytest.mark.parametrize(("data", "text", "contrasts", "sums", "first", "groups"), CASES)
def test_design_equals_that_of_r(data, text, contrasts, sums, first, groups) -> None:
    design = build(parse(text), read_table(load(data)), contrasts)
    assert design.dropped == ()
    np.testing.assert_allclose(design.X.sum(axis=0), sums, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(design.X[0], first, rtol=1e-12, atol=1e-14)
    assert [term.factor for term in design.terms] == list(groups)
    for term in design.terms:
        n_levels, levels = groups[term.factor]
        assert term.n_levels == n_levels
        assert list(term.levels[: len(levels)]) == levels
    check_identifiable(design)
