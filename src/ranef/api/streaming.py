"""Data that are summed where they are."""

from __future__ import annotations

from glob import glob
from typing import Any, Literal

from ranef.answers import refuse_unknown_options
from ranef.errors import OptionError
from ranef.formula import parse
from ranef.options import boolean, one_of
from ranef.present.progress import progress, progress_rows
from ranef.present.whole_file import path_of
from ranef.streams import Scan, moments_of, open_source
from ranef.sums import Moments, merged
from ranef.sums.reading import read_moments

__all__ = ["load_moments", "moments", "scan"]


@refuse_unknown_options("rn.scan")
def scan(data: Any, exact: bool = False) -> Scan:
    """Name data that are to be summed where they are, and not read into memory.

    Parameters
    ----------
    data : source of rows
        One of these:

        - Parquet, CSV or Arrow files: a path, a list of paths, a pattern (``"d/*.parquet"``) or a
          folder,
        - a DuckDB relation or query,
        - a Polars ``LazyFrame``,
        - a PyArrow data set,
        - a PyArrow ``RecordBatchReader`` or another Arrow stream, which is read once,
        - a data frame, several in a list, or an iterator of them, which is read once,
        - an Ibis table, if its engine answers SQL,
        - a PySpark or a Dask ``DataFrame``.
    exact : bool
        Whether sums have the same bits whatever the order of the rows, the size of batches and the
        number of threads. They are then made in fixed point, after a pass that finds the smallest
        and largest value of each variable, and take two to four times as long. Without `exact`,
        sums agree to about 15 digits from run to run.

    Returns
    -------
    Scan
        For ``rn.lmm(formula, scan)`` and ``rn.moments(formula, scan)``.

    Raises
    ------
    DataError
        Data that cannot be scanned, or files that cannot be read.
    OptionError
        ``exact=True`` for rows that are read once, or for an engine without whole numbers of 128
        bits.
    MissingLibraryError
        The library that reads the data is not installed.

    Examples
    --------
    >>> import ranef as rn
    >>> pupils = rn.datasets.load("hsb")
    >>> parts = [pupils.iloc[:4000], pupils.iloc[4000:]]
    >>> fit = rn.lmm("math ~ ses + (1 | sch.id)", rn.scan(parts))
    >>> fit.fixef.round(2).to_dict()
    {'Intercept': 12.66, 'ses': 2.39}
    """
    boolean("exact", exact)
    with progress("looking at the columns"):
        source = open_source(data)
    return Scan(source.exactly() if exact else source, exact)


@refuse_unknown_options("rn.moments")
def moments(
    formula: str,
    data: Any,
    *,
    weights: str | None = None,
    offset: str | None = None,
    missing: Literal["drop", "raise"] = "drop",
) -> Moments:
    """Sum the rows of data for a formula: all that a linear mixed model needs of them.

    Moments can be added: ``a + b`` are the moments of the rows of both, for instance of two months
    or two sites. Their levels may differ. ``rn.lmm(formula, moments)`` fits the model, or one with
    some of its terms.

    Parameters
    ----------
    formula : str
        The formula of the largest model that you want to fit.
    data : data frame, Scan or source of rows
        A frame in memory, what :func:`scan` returns, or one of the sources that :func:`scan` lists.
        Without :func:`scan`, a DuckDB relation or a lazy Polars frame is read into memory.
    weights, offset : str, optional
        Names of columns.
    missing : {"drop", "raise"}
        Leave out rows with missing values in variables of the model, or raise an error.

    Returns
    -------
    Moments
        Sums of products of numeric columns, by the levels of grouping factors and categories.

    Raises
    ------
    UnknownColumnError
        A name in the formula is not a column.
    DataError
        Values that cannot be summed, such as infinite ones, or missing values with
        ``missing="raise"``.
    OptionError
        A term that has to see all rows at once, such as ``poly()``; weights or an offset that are
        not the name of a column.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> formula = "Reaction ~ Days + (Days | Subject)"
    >>> first = rn.moments(formula, data[data["Days"] < 5])
    >>> second = rn.moments(formula, data[data["Days"] >= 5])
    >>> fit = rn.lmm(formula, first + second)
    >>> fit.fixef.round(2).to_dict()
    {'Intercept': 251.41, 'Days': 10.47}
    """
    one_of("missing", missing, ("drop", "raise"))
    for name, value in (("weights", weights), ("offset", offset)):
        if value is not None and not isinstance(value, str):
            raise OptionError(
                f"{name} of data that are summed have to be a column",
                found=f"{name} of type {type(value).__name__}",
                fix="name a column of the data",
            )
    parsed = parse(formula, random=isinstance(formula, str) and "|" in formula)
    with progress_rows("summing the rows") as watch:
        return moments_of(open_source(data), parsed, weights, offset, missing, watch)


@refuse_unknown_options("rn.load_moments")
def load_moments(path: Any) -> Moments:
    """Read moments that ``moments.save`` has written, and add those of several files.

    Parameters
    ----------
    path : str or path
        A file, or a pattern: ``"site_*.parquet"``.

    Returns
    -------
    Moments
        Those of the rows of all files.

    Raises
    ------
    DataError
        A file is damaged or was altered, the files do not hold the same sums, or two of them hold
        those of the same rows.
    OptionError
        The file does not exist or cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> import ranef as rn
    >>> sums = rn.moments("Reaction ~ Days + (1 | Subject)", rn.datasets.load("sleepstudy"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "sleep.parquet")
    ...     sums.save(path)
    ...     rn.load_moments(path).n
    180
    """
    fix = "give the path of a file that moments.save() has written"
    name = str(path_of(path, fix))
    found = sorted(glob(name)) if any(c in name for c in "*?[") else [path]
    if not found:
        raise OptionError(
            "there are no files of moments",
            where=name,
            fix=fix,
        )
    return merged([read_moments(each) for each in found], [str(each) for each in found])
