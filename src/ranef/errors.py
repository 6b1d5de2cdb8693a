"""Errors that say what is wrong, where, what was found and how to fix it.

Every error ranef raises on purpose is a :class:`RanefError` and also one of Python's builtin
exceptions, so that ``except ValueError`` keeps working for people who have never heard of ranef.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ranef.page import cells, padded

if TYPE_CHECKING:
    from ranef.types import Finding

__all__ = [
    "ApproximationWarning",
    "DataError",
    "DesignError",
    "FormulaError",
    "MissingLibraryError",
    "NotEstimableWarning",
    "NumericalError",
    "OptionError",
    "RanefError",
    "TooLargeError",
    "UnknownColumnError",
    "UnknownNameError",
    "UsageError",
]


class RanefError(Exception):
    """Base of every deliberate error.

    Parameters
    ----------
    what : str
        One line, lower case, no full stop: what is wrong.
    where : str, optional
        The place, for instance a formula with a caret line under the culprit.
    found : str, optional
        What was there instead.
    fix : str, optional
        What to do about it.
    """

    def __init__(self, what: str, *, where: str = "", found: str = "", fix: str = "") -> None:
        self.what, self.where, self.found, self.fix = what, where, found, fix
        self._examine: Callable[[], tuple[Finding, ...]] | None = None
        self._simplify: Callable[[], Any] | None = None
        super().__init__(what)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is worth knowing about the data of a model that was refused, the gravest first.

        Empty where the error came before the data were read. Computed when asked for, or when the
        error is pickled, as on its way from another process.
        """
        return () if self._examine is None else self._examine()

    @cached_property
    def remedy(self) -> Any:
        """A fit of the model without what the data refuse; None where there is no such model.

        Fitted when asked for. A pickled error keeps it if it has been fitted; otherwise the
        unpickled one has None, because the data are not pickled with an error.
        """
        return None if self._simplify is None else self._simplify()

    def explained_by(
        self,
        examine: Callable[[], tuple[Finding, ...]],
        simplify: Callable[[], Any],
    ) -> None:
        """Say where `findings` and `remedy` come from."""
        self._examine, self._simplify = examine, simplify

    def __str__(self) -> str:
        return _told(self.what, self.where, self.found, self.fix)

    def __reduce__(self) -> tuple[object, ...]:
        # The data stay behind: what they say is kept, and a remedy that has been fitted already.
        state = {key: value for key, value in self.__dict__.items() if key not in _REBUILT}
        try:
            state["findings"] = self.findings
        except Exception:  # an error that cannot be pickled would hide what it says
            state["findings"] = ()
        return (_rebuild, (type(self), self.what, self.where, self.found, self.fix), state)

    def __copy__(self) -> RanefError:
        again = _rebuild(type(self), self.what, self.where, self.found, self.fix)
        again.__dict__.update(self.__dict__)
        return again

    def __deepcopy__(self, memo: dict[int, Any]) -> RanefError:
        return self.__copy__()  # findings and fits are frozen


_REBUILT = ("what", "where", "found", "fix", "_examine", "_simplify")


def _told(what: str, where: str, found: str, fix: str) -> str:
    lines = [what]
    for label, text in (("where", where), ("found", found), ("fix", fix)):
        for i, line in enumerate(text.splitlines()):
            lines.append(f"  {padded(label if i == 0 else '', 5)}  {line}".rstrip())
    return "\n".join(lines)


def _rebuild(cls: type[RanefError], what: str, where: str, found: str, fix: str) -> RanefError:
    return cls(what, where=where, found=found, fix=fix)


class FormulaError(RanefError, ValueError):
    """The formula cannot be read, or asks for something that has no meaning."""


class UnknownColumnError(RanefError, KeyError):
    """A name in the formula or an argument is not a column of the data."""

    __str__ = RanefError.__str__


class DataError(RanefError, ValueError):
    """The data cannot be used: wrong type, empty, infinite, constant, all missing."""


class DesignError(RanefError, ValueError):
    """The model asked for cannot be estimated from these data."""


class OptionError(RanefError, ValueError):
    """An argument has a value outside of what it accepts."""


class UsageError(OptionError, TypeError):
    """A function has no such argument, or what was called is not a function."""


class UnknownNameError(RanefError, AttributeError):
    """ranef, or a fit, has nothing of this name."""


class NumericalError(RanefError, ArithmeticError):
    """The arithmetic broke down; nothing that was computed can be trusted."""


class TooLargeError(RanefError, MemoryError):
    """The fit needs more memory than the machine has; nothing has been allocated for it."""


class MissingLibraryError(RanefError, ImportError):
    """An optional library is needed for this call."""


class NotEstimableWarning(UserWarning):
    """The data of the fit do not determine some of the predictions asked for; these are NaN.

    The message has the form of a :class:`RanefError`.
    """


class ApproximationWarning(UserWarning):
    """An answer rests on a coarser approximation than the one that was asked for.

    The message has the form of a :class:`RanefError`.
    """


def warn(
    category: type[Warning], what: str, *, where: str = "", found: str = "", fix: str = ""
) -> None:
    """Warn about a call's result, in the caller's own line and in the form of an error.

    What concerns a fit is a finding and stands on it. A warning is for answers that are no part
    of the fit.
    """
    import sys
    import warnings

    level, frame = 1, sys._getframe()
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith("ranef."):
        level, frame = level + 1, frame.f_back
    warnings.warn(_told(what, where, found, fix), category, stacklevel=level)


def caret(text: str, start: int, end: int) -> str:
    """Two lines: `text`, and carets under ``text[start:end]`` (at least one)."""
    return f"{text}\n{' ' * cells(text[:start])}{'^' * max(1, cells(text[start:end]))}"


def suggestion(name: object, candidates: object) -> str:
    """``did you mean 'ses'?`` where a close match exists, else an empty string."""
    import difflib

    if not isinstance(name, str):
        return ""
    names = [str(c) for c in candidates]  # type: ignore[attr-defined]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not close:
        lowered = {c.lower(): c for c in names}
        close = [lowered[name.lower()]] if name.lower() in lowered else []
    return f"did you mean '{close[0]}'?" if close else ""
