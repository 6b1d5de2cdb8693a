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
from ranef.inference.ddf.gram import Gram
from ranef.inference.ddf.information import VarianceInformation
from ranef.inference.inner_rows import InnerRows
from ranef.inference.prediction_gradient import held
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
        delta = _delta(information, chunk)
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


def _delta(information: VarianceInformation, rows: InnerRows) -> Columns:
    """z - G r - H c on all levels of the fit: one column a row.

    Levels that the fit has not seen have none: nothing is estimated from them.
    """
    gram, at = information.gram, held(information, rows)
    r = _placed(gram, rows, at.r)
    shrunk = gram.times(*r)
    z = _placed(gram, rows, tuple(k * z for k, z in zip(at.known, rows.z, strict=True)))
    return (
        z[0] - shrunk[0] - gram.h1 @ at.c.T,
        z[1] - shrunk[1] - gram.h2 @ at.c.T,
    )


def _placed(gram: Gram, rows: InnerRows, values: tuple[Array, ...]) -> Columns:
    """Values of the row's own levels as columns on all levels."""
    levels, k, _ = gram.h1.shape
    n = rows.x.shape[0]
    each = np.arange(n)
    largest, others = np.zeros((levels, k, n)), np.zeros((gram.h2.shape[0], n))
    code = np.maximum(rows.codes[gram.largest], 0)
    largest[code, :, each] = values[gram.largest]
    for part in gram.parts:
        code = np.maximum(rows.codes[part.group], 0).astype(np.int64)
        places = part.place.start + code[:, None] * part.q + np.arange(part.q)
        others[places, each[:, None]] = values[part.group]
    return largest, others
