"""Covariance matrices with their names, as every page reads them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ranef as rn
from ranef.core import TermLabel
from ranef.present.protocol import TermCovariance, term_ranks


@pytest.fixture
def term():
    matrix = np.array([[4.0, 0.2, 0.0], [0.2, 1.0, 0.0], [0.0, 0.0, 0.0]])
    return TermCovariance(TermLabel("g.1", "g", ("Intercept", "a", "b"), 9), matrix)


def test_correlations_do_not_ask_for_an_order(term):
    assert term.sds.tolist() == [2.0, 1.0, 0.0]
    assert term.correlation(0, 1) == term.correlation(1, 0) == 0.1
    assert term.covariance(1, 0) == 0.2


def test_a_variance_of_zero_has_no_correlation(term):
    assert math.isnan(term.correlation(2, 0))
    assert term.covariance(2, 0) == 0.0


def test_pairs_are_those_of_the_frame(term):
    assert term.pairs == [(0, 1), (0, 2), (1, 2)]


def test_two_terms_on_one_factor_know_it():
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)", data)
    labels = [term.label for term in fit._covariances]
    assert [label.factor for label in labels] == ["Subject", "Subject"]
    assert [group for group, _, _ in term_ranks(fit)] == [label.label for label in labels]
    assert fit.varcorr()["group"].tolist() == [*(label.label for label in labels), "Residual"]
    assert "Level 2" in fit.equation()
