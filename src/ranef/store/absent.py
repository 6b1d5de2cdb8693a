"""What a file does not hold: the data. Whoever asks for them is told so."""

from __future__ import annotations

from typing import Any, NoReturn

from ranef.errors import DataError

__all__ = ["Absent"]


class Absent:
    """Stands for rows of the data in a fit that was loaded.

    Parameters
    ----------
    what : str
        In words: ``"the response"``.
    fix : str
        How the data come back.
    why : str
        Why they are not there.
    """

    __slots__ = ("fix", "what", "why")

    def __init__(
        self, what: str, fix: str, why: str = "the fit was loaded from a file without them"
    ) -> None:
        self.what = what
        self.fix = fix
        self.why = why

    def __repr__(self) -> str:
        return f"<{self.what}: not in the file>"

    def missed(self) -> NoReturn:
        """Say that it is not there."""
        raise DataError(
            f"this answer needs the data, and {self.why}",
            where=self.what,
            fix=self.fix,
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # pickle and copy ask for these, and go on without them
            raise AttributeError(name)
        self.missed()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        self.missed()

    def _still(self, *_: Any) -> Absent:
        return self

    __array__ = __getitem__ = __contains__ = __iter__ = __len__ = _refuse
    # A response less an absent offset is absent too; it is asked for later, or never.
    __add__ = __radd__ = __sub__ = __rsub__ = _still

    def __array_ufunc__(self, ufunc: Any, *_: Any, **__: Any) -> Absent:
        if ufunc.__name__ in ("add", "subtract"):
            return self
        self.missed()

    def __bool__(self) -> bool:
        return True

    def __getstate__(self) -> tuple[str, str, str]:
        return self.what, self.fix, self.why

    def __setstate__(self, state: tuple[str, str, str]) -> None:
        self.what, self.fix, self.why = state
