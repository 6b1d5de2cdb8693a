"""Data that are summed where they are."""

from __future__ import annotations

from glob import glob
from typing import Any, Literal

from ranef.answers import refuse_unknown_options
from ranef.errors import OptionError
from ranef.formula import parse
from ranef.options import boolean, one_of
from ranef.present.progress import progress_rows
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
    data : path or list of paths, relation, lazy frame, data set, reader, table, or frames
        Parquet, CSV and Arrow files by path, pattern (``"d/*.parquet"``) or folder; a DuckDB
        relation; a lazy Polars frame; an Arrow data set or reader; an Ibis table; a PySpark or Dask
        DataFrame; a frame in memory. Frames come one by one from a list or an iterator; iterators
        and readers are read once.
    exact : bool
        Sums of the same bits whatever the order of the rows, the size of batches and the number of
        threads: they are made in fixed point, after a pass that finds the ends of each variable.
        Without it sums agree to some 15 digits from run to run. It takes two to four times as long.

    Returns
    -------
    Scan
        For ``rn.lmm(formula, scan)`` and ``rn.moments(formula, scan)``.

    Raises
    ------
    DataError
        Data that cannot be scanned, or files that cannot be read.
    OptionError
        ``exact=True`` for rows that are read once, or an engine without large whole numbers.

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
    """Sum the rows of data for a formula: what a linear mixed model needs of them, and no more.

    Moments add: those of months, sites or files make those of all rows, whatever levels each has.
    ``rn.lmm(formula, moments)`` fits the model, or one with some of its terms.

    Parameters
    ----------
    formula : str
        That of the largest model that is to be fitted.
    data : data frame, or what :func:`scan` takes
    weights, offset : str, optional
        Columns.
    missing : {"drop", "raise"}

    Returns
    -------
    Moments

    Raises
    ------
    UnknownColumnError
        A name is not a column.
    DataError
        Values that cannot be summed.
    OptionError
        A formula with something that needs all rows at once, such as ``poly()``.

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
                f"{name} of data that are summed are a column",
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

    Raises
    ------
    DataError
        A file is damaged, or the files do not hold the same sums.
    OptionError
        There is no such file.

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
    return merged([read_moments(each) for each in found])
