"""What estimated variances add to a prediction's mean squared error.

The predictor itself moves with the variances: with delta as in
:mod:`~ranef.inference.prediction_gradient` and alpha_k = (I x E_k) delta,

    g3 = sigma^2 sum over k, l of W_kl { alpha_k'G alpha_l - (H'alpha_k)'M (H'alpha_l) },

W the covariance of the coordinates of D (Kackar and Harville 1984; Prasad and Rao 1990). The
variance with estimated values put in is too small by about g3, so that the error is larger by
2 g3.
"""

from __future__ import annotations

import numpy as np

from ranef.inference.ddf.expected import Columns, along
from ranef.inference.ddf.information import VarianceInformation
from ranef.inference.inner_rows import InnerRows
from ranef.inference.prediction_gradient import deltas
from ranef.types import Array

__all__ = ["estimation_error"]

NUMBERS = 1 << 18  # in an array, at a time


def estimation_error(information: VarianceInformation, rows: InnerRows) -> Array:
    """g3 over sigma^2, shape (rows,)."""
    gram, directions = information.gram, information.directions
    w = information.covariance[:-1, :-1]
    out = np.zeros(rows.x.shape[0])
    effects = gram.h1.shape[0] * gram.h1.shape[1] + gram.h2.shape[0]
    for part, chunk in rows.chunks(max(1, NUMBERS // max(effects, 1))):
        delta = deltas(information, chunk)
        alphas = [along(gram, direction, delta) for direction in directions]
        answers = [gram.times(*alpha) for alpha in alphas]
        fixed = [_met((gram.h1, gram.h2), alpha) for alpha in alphas]
        for k, alpha in enumerate(alphas):
            for j, answer in enumerate(answers[: k + 1]):
                first = np.einsum("jqn,jqn->n", alpha[0], answer[0])
                first += np.einsum("mn,mn->n", alpha[1], answer[1])
                second = np.einsum("pn,pn->n", fixed[k], information.xx_inverse @ fixed[j])
                out[part] += (1.0 if j == k else 2.0) * w[k, j] * (first - second)
    return np.maximum(out, 0.0)


def _met(h: Columns, x: Columns) -> Array:
    """H'x, shape (p, rows)."""
    return np.asarray(np.tensordot(h[0], x[0], ((0, 1), (0, 1))) + h[1].T @ x[1])
