"""``ranef diagnose``: what is worth knowing about a fit, and a ladder of remedies."""

from __future__ import annotations

from ranef.cli.family import AskedFamily
from ranef.cli.options import (
    Center,
    Data,
    Formula,
    Json,
    MaximumLikelihood,
    Offset,
    Reading,
    Residual,
    Weights,
    fitted,
    read,
    residual_time,
)
from ranef.cli.status import NOT_CERTIFIED, OK
from ranef.errors import RanefError
from ranef.present.progress import progress

__all__ = ["diagnose"]


def diagnose(
    data: Data,
    formula: Formula,
    family: AskedFamily,
    reading: Reading,
    ml: MaximumLikelihood = False,
    center: Center = None,
    weights: Weights = None,
    offset: Offset = None,
    residual: Residual = None,
    json: Json = False,
) -> int:
    """Fit a model, say what is worth knowing and try the remedies.

    The exit status is 0 if the optimum of the model asked for is certified and 3 if it is
    not. If the model is refused, what the data show is printed before the error.
    """
    family.check({"--ml": ml, "--residual": residual})
    with progress(f"reading {data}"):
        time = residual_time(residual)
        frame = read(data, reading, [formula], center, family, weights, offset, time)
    try:
        with progress(f"fitting {formula}"):
            model = fitted(
                formula, frame, family, ml=ml, weights=weights, offset=offset, residual=residual
            )
    except RanefError as error:
        _print_refusal(formula, error, json)
        raise
    diagnosis = model.diagnose()
    print(diagnosis.to_json() if json else diagnosis)
    return OK if model.certificate.certified else NOT_CERTIFIED


def _print_refusal(formula: str, error: RanefError, json: bool) -> None:
    """Findings about a refused model and its remedy; in JSON with the error that follows."""
    from ranef.present.diagnosis.refusal import refusal_record, refusal_text
    from ranef.present.text.plain import to_json

    if json:
        print(to_json(refusal_record(formula, error)), flush=True)
    elif text := refusal_text(formula, error):
        print(text, end="\n\n", flush=True)
