"""The report of a fit, for every kind of fit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from ranef.fit.mixed_record import MixedRecord

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from ranef.diagnose.call import Call
    from ranef.fit.mixed_fit import MixedFit

__all__ = ["Reported"]


class Reported(MixedRecord):
    """The method that writes the report; it delegates to functions."""

    def report(
        self,
        path: str | os.PathLike[str],
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
        against: MixedFit | Sequence[MixedFit] | None = None,
        notes: str | Sequence[str] | None = None,
        *,
        complete: bool = False,
    ) -> Path:
        """Write all there is to say about the fit on one page of HTML.

        The page holds the verdict, the estimates in words and pictures, checks, what other models
        would say, a table and sentences for a paper, the equations, and how it was computed. It is
        one file that loads nothing, follows light and dark, prints on A4, and is the same whenever
        it is made from the same fit.

        Parameters
        ----------
        path : path-like
            Ends in ``.html``. A file of this name is replaced. It is never half-written.
        title : str, optional
            The formula in words by default.
        labels : mapping of str to str, optional
            Words for variables, groups and coefficients, by column or by name.
        against : Fit or sequence of Fit, optional
            Models that stand beside this one in the table. By default the model that the diagnosis
            recommends, if it recommends one.
        notes : str or sequence of str, optional
            Shown below the verdict as the author's own.
        complete : bool
            With what takes long: profile intervals of variances however large the data are.

        Returns
        -------
        Path

        Raises
        ------
        OptionError
            `path` does not end in ``.html`` or cannot be written; `against` is not fits, or
            another option is not what it should be.
        MissingLibraryError
            Matplotlib is not installed.

        Notes
        -----
        The report asks `diagnose`, `profile` and other methods of the fit, and computes nothing
        itself. A fit that was loaded from a file has no rows: what needs them says so on the page.

        Examples
        --------
        >>> import tempfile
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fit.report(f"{folder}/dyestuff.html", labels={"Yield": "Yield in grams"})
        ...     "Yield in grams" in path.read_text(encoding="utf-8")
        True
        """
        from ranef.fit.reporting import write_report

        return write_report(self, path, title, labels, against, notes, complete)

    @abstractmethod
    def _call(self) -> Call:
        """The call that made this fit; a prior is not among its arguments."""

    def _labelled(self, labels: Mapping[str, str] | None) -> Self:
        """The same fit, whose variables readers call otherwise; it keeps what was computed."""
        if not labels:
            return self
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__["_words"] = self._words.also(labels)
        return other
