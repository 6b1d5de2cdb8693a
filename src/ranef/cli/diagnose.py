"""``ranef diagnose``: what is worth knowing about a fit, and a ladder of remedies."""

from __future__ import annotations

from ranef.cli.data import read_data
from ranef.cli.options import (
    Center,
    Data,
    Formula,
    Json,
    MaximumLikelihood,
    Offset,
    Weights,
    with_centred,
)
from ranef.cli.progress import progress
from ranef.cli.run import NOT_CERTIFIED, OK

__all__ = ["diagnose"]


def diagnose(
    data: Data,
    formula: Formula,
    ml: MaximumLikelihood = False,
    center: Center = None,
    weights: Weights = None,
    offset: Offset = None,
    json: Json = False,
) -> int:
    """Fit a linear mixed model, say what is worth knowing and try the remedies.

    The exit status is 0 where the optimum of the model asked for is certified and 3 where it is
    not.
    """
    import ranef as rn

    with progress(f"reading {data}"):
        frame = with_centred(read_data(data), center)
    with progress(f"fitting {formula}"):
        model = rn.lmm(formula, frame, reml=not ml, weights=weights, offset=offset)
    with progress("fitting the rungs of the ladder"):
        diagnosis = model.diagnose()
    print(diagnosis.to_json() if json else diagnosis)
    return OK if model.certificate.certified else NOT_CERTIFIED
