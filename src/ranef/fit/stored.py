"""A fit in a file, and back: what is the same for every kind of fit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from ranef.answers import refuse_unknown_options
from ranef.design import Design
from ranef.errors import DataError, RanefError
from ranef.fit.mixed_record import MixedRecord
from ranef.store.kept import Kept

if TYPE_CHECKING:
    from ranef.fit.mixed_fit import MixedFit
    from ranef.store.absent import Absent

__all__ = [
    "LOADERS",
    "Stored",
    "kept_of",
    "load",
    "parameters_fit",
    "what_stands_in",
    "without_rows",
]

# A kind of fit has a word in files and a module with a function ``fit_from(parts)``, which gives
# None if the parts are not those of a fit.
LOADERS = {
    "fit": "ranef.fit.stored_linear",
    "fit of sums": "ranef.fit.stored_sums",
    "generalised fit": "ranef.fit.generalised.stored",
}


class Stored(MixedRecord):
    """The method that writes a fit to a file."""

    _stored_as: ClassVar[str]
    """The word for this kind of fit in a file, one of `LOADERS`."""

    @property
    def _stored_word(self) -> str:
        """The word of this fit."""
        return self._stored_as

    @abstractmethod
    def _stored_parts(self) -> dict[str, Any]:
        """What a file holds of the fit; the loader of its kind reads it."""

    def save(self, path: Any) -> None:
        """Write the fit to a file that :func:`ranef.load` reads: estimates, not data.

        The file holds the estimates, the sums over the rows of each group, the names of the levels,
        and how the columns of the model are made from new data. It does not
        hold the rows. A loaded fit predicts for new data, prints, and tests coefficients and terms
        as before, to the last bit. Methods that need the rows (residuals, marginal means,
        `robust`, `influence`, `r2`, refits, the diagnosis) raise an error that says so.

        The file of a fit of sums (:func:`ranef.moments`, :func:`ranef.scan`) holds these sums too,
        up to 200 MB of them. A fit that was loaded from it answers what a fit of moments answers,
        and other moments can be added to ``fit.moments``.

        Parameters
        ----------
        path : str or path
            A file of this name is replaced. It is never half-written.

        Returns
        -------
        None
            The file is complete then.

        Raises
        ------
        OptionError
            The file cannot be written.

        Notes
        -----
        The file is a zip archive of a JSON text and arrays in NumPy's format. It contains no code,
        and reading it runs none. The sums of a group with a single row reveal that row. If the
        effects are so much larger than the residuals that cross-products lose digits, the columns
        of the model are stored too.

        Examples
        --------
        >>> import tempfile, os
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "m.ranef")
        ...     fit.save(path)
        ...     again = rn.load(path)
        >>> again.predict({"Days": [9], "Subject": [308]}).round(2)
        array([430.66])
        """
        from ranef._version import __version__
        from ranef.store.container import write_file

        told = {
            "ranef": __version__,
            "formula": self._formula.text,
            "rows": self._problem.n,
            "criterion": self._estimates.criterion,
        }
        write_file(path, self._stored_word, told, self._stored_parts())


@refuse_unknown_options("rn.load")
def load(path: Any) -> MixedFit:
    """Read a fit that `fit.save()` has written.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Fit or another kind of fit
        Without the data: an answer that needs them raises an error that says so.

    Raises
    ------
    OptionError
        The file cannot be read.
    DataError
        The file is damaged, of a newer format, or not a saved fit.

    Examples
    --------
    >>> import tempfile, os
    >>> import ranef as rn
    >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fit.save(os.path.join(folder, "m.ranef"))
    ...     rn.load(os.path.join(folder, "m.ranef"))
    <Fit Reaction ~ Days + (Days | Subject) by REML: 180 rows, 18 Subject; interior optimum>
    """
    from ranef.store.container import read_file

    kind, parts = read_file(path, tuple(LOADERS), "fit")
    make: Callable[[Any], MixedFit | None] = import_module(LOADERS[kind]).fit_from
    fit = make(parts)
    if fit is None:
        raise DataError("the file is damaged", where=str(path), fix="save the fit again")
    return fit


def kept_of(record: Any) -> Kept:
    """Answers of a few numbers that need the data."""
    from ranef.fit.requested import request_of
    from ranef.present.equation.parts import hierarchy_of_model
    from ranef.present.summary.build import residual_quantiles

    hypotheses = {}
    for type in (1, 2, 3):
        with suppress(RanefError):  # what cannot be asked of the fit cannot be asked of the file
            hypotheses[type] = record._of_terms(type)
    hierarchy = hierarchy_of_model(record)
    constant = {factor: tuple(sorted(hierarchy.constant[factor])) for factor in hierarchy.factors}
    request = request_of(record)
    return Kept(
        hypotheses,
        residual_quantiles(record),
        next(iter(constant.values())) if len(constant) == 1 else (),
        levels=constant,
        weights=request.weights,
        subset=request.subset,
    )


def parameters_fit(problem: Any, solution: Any) -> bool:
    """Whether there are as many parameters as the structures of the terms have."""
    try:
        return bool(problem.n_theta == solution.inner.size)
    except (TypeError, ValueError, RuntimeError):  # no structure at all
        return False


def what_stands_in(fix: str) -> Callable[[str], Any]:
    """Makes what takes the place of data in a file; `fix` says how to fit again."""
    from ranef.store.absent import Absent

    def absent(what: str) -> Absent:
        return Absent(what, fix)

    return absent


def without_rows(design: Design, absent: Callable[[str], Any]) -> Design:
    """The design without what belongs to rows."""
    terms = tuple(
        replace(term, columns=absent("the columns of the model"), codes=absent("the groups"))
        for term in design.terms
    )
    response = design.generalised
    if response is not None:
        weights = None if response.weights is None else absent("the weights")
        response = replace(response, y=absent("the response"), weights=weights)
    return replace(
        design,
        columns=absent("the columns of the model"),
        y=absent("the response"),
        terms=terms,
        offset=None if design.offset is None else absent("the offset"),
        generalised=response,
        cells=None,
    )
