"""The checks of options, each written once: a value as it is used, or an OptionError.

Every check takes the option's name as the user writes it, and the value. The others of its
arguments say what is accepted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError, suggestion

__all__ = [
    "boolean",
    "confidence",
    "instance",
    "mapping",
    "name",
    "name_list",
    "numbers",
    "one_of",
    "real",
    "seed",
    "shown",
    "text",
    "threads",
    "whole",
]

T = TypeVar("T")
LARGEST = 2**31 - 1  # of a number of anything: what the core counts with
_LONGEST = 60  # characters of a value that is shown


def shown(value: Any) -> str:
    """A value in one short line, whatever it is.

    >>> shown("omit"), shown([1] * 100)[:8], shown({"a": 1})
    ("'omit'", '[1, 1, 1', "{'a': 1}")
    """
    if not isinstance(value, (str, bytes, int, float, complex, list, tuple, dict, set, type(None))):
        if not isinstance(value, (np.number, np.bool_)):
            return f"an object of type {type(value).__name__}"
        value = value.item()
    try:
        line = " ".join(repr(value).split())
    except Exception:  # of what a list holds, or an int of more than 4,300 digits
        return f"an object of type {type(value).__name__}"
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _found(option: str, value: Any) -> str:
    return f"{option}={shown(value)}"


def boolean(option: str, value: Any, fix: str = "") -> bool:
    """True or False, also NumPy's; 0 and 1 are neither."""
    if not isinstance(value, (bool, np.bool_)):
        raise OptionError(
            f"{option} is True or False",
            found=_found(option, value),
            fix=fix or f"{option}=True or {option}=False",
        )
    return bool(value)


def whole(
    option: str, value: Any, *, least: int = 1, most: int = LARGEST, of: str = "", fix: str = ""
) -> int:
    """A whole number from `least` to `most`; `of` says in words what it counts."""
    number = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not number or not least <= value <= most:
        below = number and value < least
        limits = f"at least {least}" if most == LARGEST or below else f"from {least} to {most}"
        kind = "" if below else "a whole number, " if most == LARGEST else "a whole number "
        raise OptionError(
            f"{of or option} is {kind}{limits}",
            found=_found(option, value),
            fix=fix or f"as in {option}={max(least, 1)}",
        )
    return int(value)


def threads(option: str, value: Any) -> int | None:
    """A number of threads; None leaves it to ranef."""
    if value is None:
        return None
    fix = "leave it out to use every available core where the rows are many"
    return whole(option, value, of="the number of threads", fix=fix)


def seed(option: str, value: Any) -> int | None:
    """A whole number from 0 to 2^64 - 1; None draws another one each time."""
    good = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if value is not None and not (good and 0 <= value < 2**64):
        raise OptionError(
            "a seed is a whole number from 0 to 2^64 - 1",
            found=_found(option, value),
            fix="as in seed=1; seed=None draws another one each time",
        )
    return None if value is None else int(value)


def real(
    option: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
    what: str = "",
    fix: str = "",
    infinite: bool = False,
) -> float:
    """A number, finite unless `infinite`, with ``least <= value``, ``above < value < below``."""
    number = _as_float(value)
    good = number is not None and number >= least and not math.isnan(number)
    if good and number is not None and math.isinf(number):
        good = infinite and number > 0.0
    elif good and number is not None:
        good = above < number < below
    if not good or number is None:
        raise OptionError(
            what or f"{option} is {_range(least, above, below)}",
            found=_found(option, value),
            fix=fix or f"give {option} a number in that range",
        )
    return number


def _range(least: float, above: float, below: float) -> str:
    if above > -math.inf and below < math.inf:
        return f"a number between {above:g} and {below:g}"
    parts = []
    if least > -math.inf:
        parts.append(f"of at least {least:g}")
    if above > -math.inf:
        parts.append(f"above {above:g}")
    if below < math.inf:
        parts.append(f"below {below:g}")
    return " ".join(["a finite number", " and ".join(parts)]).strip()


def _as_float(value: Any) -> float | None:
    if isinstance(value, (bool, np.bool_)):
        return None
    if not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def confidence(option: str, value: Any) -> float:
    """A confidence level, strictly between 0 and 1."""
    number = _as_float(value)
    if number is None or not 0.0 < number < 1.0:
        percent = number is not None and 50.0 <= number < 100.0
        example = f"{number / 100.0:g}" if percent and number is not None else "0.95"
        raise OptionError(
            "a confidence level lies between 0 and 1",
            found=_found(option, value),
            fix=f"{option}={example}",
        )
    return number


def one_of(
    option: str, value: Any, accepted: Sequence[Any], *, what: str = "", fix: str = ""
) -> Any:
    """One of a few words, or None if that is among them."""
    if any(value is word for word in accepted) or (
        isinstance(value, str) and any(isinstance(w, str) and value == w for w in accepted)
    ):
        return value
    words = [repr(word) for word in accepted]
    choices = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    near = _near(value, [word for word in accepted if isinstance(word, str)])
    hint = f"did you mean '{near}'? The choices are {choices}" if near else f"use {choices}"
    raise OptionError(
        what or f"unknown {option} {shown(value)}", found=_found(option, value), fix=fix or hint
    )


def _near(value: Any, words: Sequence[str]) -> str:
    """The word that `value` is but for its case or a slip; of a few words, most are no slip."""
    import difflib

    if not _plain(value):
        return ""
    close = difflib.get_close_matches(value.lower(), words, n=1, cutoff=0.8)
    return close[0] if close else ""


def _plain(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def text(option: str, value: Any) -> str:
    """A text, empty or not."""
    if not isinstance(value, str):
        raise OptionError(
            f"{option} is a text", found=_found(option, value), fix="put it in quotes"
        )
    return value


def name(option: str, value: Any, known: Sequence[str] | None = None, of: str = "name") -> str:
    """A text that names something, one of `known` if these are given."""
    if not isinstance(value, str):
        names = f": {', '.join(known)}" if known else ""
        raise OptionError(
            f"{option} names a {of}",
            found=_found(option, value),
            fix=f"give it as text{names}",
        )
    if known is not None and value not in known:
        near = suggestion(value, known) if _plain(value) else ""
        raise OptionError(
            f"unknown {of} {shown(value)}",
            found=_found(option, value),
            fix=near or f"use one of {', '.join(known)}",
        )
    return value


def name_list(option: str, value: Any, of: str) -> tuple[str, ...]:
    """One name, or several, as a tuple; at least one."""
    if isinstance(value, str):
        return (value,)
    listed = not isinstance(value, (bytes, Mapping, type)) and isinstance(value, Iterable)
    names = tuple(value) if listed else ()
    if not names or not all(isinstance(entry, str) for entry in names):
        raise OptionError(
            f"{option} names no {of}",
            found=_found(option, value),
            fix=f"give the name of a {of}, or a list of names",
        )
    return names


def mapping(option: str, value: Any, what: str, fix: str) -> Mapping[str, Any]:
    """A dict by name."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise OptionError(what, found=_found(option, value), fix=fix)
    return value


def instance(option: str, value: Any, kind: type[T], fix: str, what: str = "") -> T:
    """An object of a class."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise OptionError(
            what or f"{option} is not {article} {kind.__name__}",
            found=_found(option, value)
            if shown(value).startswith(("'", "N"))
            else f"an object of type {type(value).__name__}",
            fix=fix,
        )
    return value


def numbers(option: str, value: Any, what: str = "", fix: str = "") -> NDArray[np.float64]:
    """An array of numbers, copied."""
    try:
        if np.iscomplexobj(value):
            raise TypeError
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(
            what or f"{option} is not numbers",
            found=f"an object of type {type(value).__name__}",
            fix=fix or "give an array of numbers",
        ) from None
