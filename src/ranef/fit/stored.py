"""A fit in a file, and back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from ranef.answers import refuse_unknown_options
from ranef.design import Data, Design
from ranef.errors import RanefError
from ranef.fit.record import FitRecord
from ranef.fit.spec import ModelSpec
from ranef.formula import Formula
from ranef.inference.estimates import Estimates
from ranef.problem import Problem
from ranef.solve import Control, Solution
from ranef.store.kept import Kept

if TYPE_CHECKING:
    from ranef.fit.facade import Fit
    from ranef.store.absent import Absent

__all__ = ["Stored", "load"]


class Stored(FitRecord):
    """The method that writes a fit to a file."""

    def save(self, path: Any) -> None:
        """Write the fit to a file that :func:`ranef.load` reads: estimates, not data.

        The file holds the estimates, the sums over the rows of each group, the names of the levels,
        and how the columns of the model are made from new data. It does not
        hold the rows. A loaded fit predicts for new data, prints, and tests coefficients and terms
        as before, to the last bit. Methods that need the rows (residuals, marginal means,
        `robust`, `influence`, `r2`, refits, the diagnosis) raise an error that says so.

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
        write_file(path, "fit", told, _parts(self))


@refuse_unknown_options("rn.load")
def load(path: Any) -> Fit:
    """Read a fit that `fit.save()` has written.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Fit
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
    from ranef.errors import DataError
    from ranef.fit.facade import Fit
    from ranef.store.container import read_file

    parts = read_file(path, "fit")
    if not isinstance(parts, dict) or not _complete(parts):
        raise DataError("the file is damaged", where=str(path), fix="save the fit again")
    part = parts["_problem"].residual
    spec = ModelSpec(
        parts["_formula"],
        parts["_problem"].reml,
        parts["_problem"].prior,
        parts["_control"],
        residual=None if part is None else part.structure.spec,
    )
    data = Data(
        parts["_design"],
        parts["_table"],
        parts["missing_rows"],
        parts["_weights"],
        parts["_offset"],
        parts["_offset_name"],
        parts["_left_out"],
        residual=None if part is None else part.structure,
        given_weights=None if part is None else parts["_weights"],
        phi=None if part is None else part.phi,
    )
    own = {f.name: parts[f.name] for f in fields(FitRecord) if f.name not in ("_spec", "_data")}
    return Fit(spec, data, **own)


# What a file holds: parts of the specification and of the data one by one, then those of the fit.
# `_index` and `_given` are always None.
_NAMES = (
    *("_formula", "_table", "_design", "_problem", "_solution", "_estimates", "_weights"),
    *("_offset", "_offset_name", "_control", "_layout", "_seconds", "missing_rows", "_left_out"),
    *("_index", "findings", "_given", "_kept"),
)


def _complete(parts: dict[str, Any]) -> bool:
    """Whether these are the parts of a fit, the main ones of the right kind."""
    kinds = {
        "_formula": Formula,
        "_design": Design,
        "_problem": Problem,
        "_solution": Solution,
        "_estimates": Estimates,
        "_control": Control,
        "_kept": Kept,
    }
    return (
        parts.keys() == {*_NAMES}
        and all(isinstance(parts[name], kind) for name, kind in kinds.items())
        and _as_many(parts["_problem"], parts["_solution"])
    )


def _as_many(problem: Problem, solution: Solution) -> bool:
    """Whether there are as many parameters as the structures of the terms have."""
    try:
        return problem.n_theta == solution.inner.size
    except (TypeError, ValueError, RuntimeError):  # no structure at all
        return False


def _parts(record: FitRecord) -> dict[str, Any]:
    """What a file holds of a fit, with what belongs to rows replaced."""
    data, absent = record._data, _absent(record)
    problem = _problem(record._problem)
    return {
        "_formula": record._formula,
        "_table": absent("the data"),
        "_design": _without_rows(data.design, absent),
        "_problem": problem,
        "_solution": replace(record._solution, problem=problem),
        "_estimates": record._estimates,
        "_weights": None if data.weights is None else absent("the weights"),
        "_offset": None if data.offset is None else absent("the offset"),
        "_offset_name": data.offset_name,
        "_control": record._control,
        "_layout": record._layout,
        "_seconds": dict(record._seconds),
        "missing_rows": data.missing,
        "_left_out": None if data.left_out is None else absent("the left out"),
        "_index": None,
        "findings": record.findings,
        "_given": None,
        "_kept": record._kept or _kept(record),
    }


def _kept(record: Any) -> Kept:
    from ranef.present.equation.parts import parts_of
    from ranef.present.summary.build import residual_quantiles

    hypotheses = {}
    for type in (1, 2, 3):
        with suppress(RanefError):  # what cannot be asked of the fit cannot be asked of the file
            hypotheses[type] = record._of_terms(type)
    return Kept(
        hypotheses,
        residual_quantiles(record),
        tuple(sorted(parts_of(record).group_level)),
    )


def _absent(record: FitRecord) -> Any:
    from ranef.store.absent import Absent

    reml = "" if record._problem.reml else ", reml=False"
    call = "rn.lmm" if record._problem.terms else "rn.lm"
    fix = f'fit the model to the data again: {call}("{record._formula.text}", data{reml}, ...)'

    def absent(what: str) -> Absent:
        return Absent(what, fix)

    return absent


def _without_rows(design: Design, absent: Any) -> Design:
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


def _problem(problem: Problem) -> Problem:
    """Without the inner columns of a nearly collinear X, of which only the number counts.

    Also without what the structure of the residuals knows about single rows.
    """
    scaling, part = problem.scaling, problem.residual
    if part is not None:
        structure = part.structure.without_rows()
        problem = replace(problem, residual=replace(part, structure=structure))
    if scaling.orthogonal is None:
        return problem
    return replace(problem, scaling=replace(scaling, orthogonal=scaling.orthogonal[:0]))
