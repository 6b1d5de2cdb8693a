"""A fit without random effects, made by hand from one with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import ranef as rn
from ranef.inference.drop_terms import smaller_design
from ranef.inference.estimates import Estimates
from ranef.inference.least_squares import least_squares


def without_effects(fit: rn.Fit) -> rn.Fit:
    """The same fixed part and criterion by weighted least squares."""
    formula = replace(fit._formula, bars=(), text=fit._formula.text.split(" + (")[0])
    design = smaller_design(formula, fit._design, fit._table)
    y = design.y if fit._offset is None else design.y - fit._offset
    w = np.ones(design.n) if fit._weights is None else fit._weights
    x, reml = design.X, fit.reml
    inverse = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = inverse @ x.T @ (w * y)
    nu = design.n - (design.p if reml else 0)
    sigma = float(np.sqrt(np.sum(w * (y - x @ beta) ** 2) / nu))
    criterion = least_squares(x, fit._weights, reml).criterion(y)
    estimates = Estimates(
        beta, sigma**2 * inverse, sigma, (), -0.5 * criterion, criterion, criterion, design.n,
        design.p + 1,
    )  # fmt: skip
    problem = replace(fit._problem, terms=(), labels=())
    return replace(fit, _formula=formula, _design=design, _estimates=estimates, _problem=problem)
