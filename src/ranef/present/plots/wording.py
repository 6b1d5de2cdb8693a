"""The words of a picture: those of the fit, and those of the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranef.options import mapping, text
from ranef.present.protocol import FittedModel
from ranef.present.text.words import Words

__all__ = ["with_labels", "words_of"]


def words_of(model: FittedModel, labels: Mapping[str, str] | None = None) -> Words:
    """What readers call the parts of a model, with further labels of one call.

    Raises
    ------
    OptionError
        `labels` are not words by name.
    """
    known: Words = getattr(model, "_words", None) or Words()
    return with_labels(known, labels)


def with_labels(words: Words, labels: Any) -> Words:
    """Words with further labels.

    Raises
    ------
    OptionError
        `labels` are not words by name.
    """
    if labels is None:
        return words
    given = mapping("labels", labels, "labels are words by name", 'as in labels={"ses": "SES"}')
    return words.also({name: text(f"labels['{name}']", word) for name, word in given.items()})
