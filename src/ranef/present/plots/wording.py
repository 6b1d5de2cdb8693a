"""The words of a picture: those of the fit, and those of the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ranef.options import mapping, text
from ranef.present.protocol import FittedModel
from ranef.present.text.words import Words

__all__ = ["joined", "level_in_words", "plural_count", "sentence", "with_labels", "words_of"]


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


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Parts of a sentence with commas between them.

    >>> joined(["a", "b", "c"]), joined(["a"])
    ('a, b and c', 'a')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def sentence(phrase: str) -> str:
    """
    >>> sentence("with random effects at zero"), sentence("")
    ('With random effects at zero.', '')
    """
    return f"{phrase[:1].upper()}{phrase[1:]}." if phrase else ""


def level_in_words(level: float) -> str:
    """
    >>> level_in_words(0.95), level_in_words(0.999)
    ('95%', '99.9%')
    """
    return f"{100.0 * level:.4g}%"


def plural_count(count: int, one: str, many: str) -> str:
    """
    >>> plural_count(1, "group", "groups"), plural_count(19000, "group", "groups")
    ('1 group', '19,000 groups')
    """
    return f"{count:,} {one if count == 1 else many}"
