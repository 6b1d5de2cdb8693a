"""The bridge to formulaic: contrasts, splines and polynomials, structure of the model matrix.

The only file that knows formulaic. It gets evaluated factors by name and gives back columns, so
nothing of formulaic's own formula language, evaluation or state leaves this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.errors import DesignError
from ranef.types import Array, Codes

__all__ = ["Contrast", "category", "code_terms", "column_values", "transform", "with_columns"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """How the levels of a category become columns.

    Attributes
    ----------
    kind : {"treatment", "sum", "helmert", "poly", "diff", "SAS", "custom"}
    base : str or None
        Reference level of treatment contrasts; the first one where None.
    columns : tuple of (str, tuple of float)
        Columns of a matrix given by the user, each in the order of the levels.
    """

    kind: str = "treatment"
    base: str | None = None
    columns: tuple[tuple[str, tuple[float, ...]], ...] = ()


def _contrasts(contrast: Contrast) -> Any:
    from formulaic.transforms.contrasts import ContrastsRegistry as registry

    if contrast.kind == "custom":
        return registry.custom({name: list(values) for name, values in contrast.columns})
    if contrast.kind == "treatment" and contrast.base is not None:
        return registry.treatment(base=contrast.base)
    return getattr(registry, contrast.kind)()


def category(codes: Codes, levels: Sequence[str], contrast: Contrast) -> Any:
    """A factor as formulaic codes it; rows with code -1 get zeros."""
    import pandas as pd
    from formulaic.transforms import C

    values = pd.Categorical.from_codes(codes, categories=pd.Index(list(levels)))
    return C(pd.Series(values), _contrasts(contrast))


def transform(
    function: str,
    values: Array,
    args: Sequence[Any],
    keywords: Mapping[str, Any],
    state: dict[str, Any],
    where: str,
) -> Any:
    """Apply a transformation that learns from the training rows.

    Parameters
    ----------
    function : str
        ``"scale"``, ``"poly"``, ``"bs"``, ``"cr"``, ...
    values : ndarray, shape (n,)
    args, keywords
        Its other arguments.
    state : dict
        Empty when training, filled here; replayed afterwards.
    where : str
        The call in its formula, for the error.

    Returns
    -------
    ndarray, shape (n,), or a basis of several columns
        A basis can only be used as a factor of a term.

    Raises
    ------
    DesignError
        The arguments do not fit the function or the values.
    """
    from formulaic.transforms import TRANSFORMS

    options = dict(keywords)
    functions = {**TRANSFORMS, "ns": _natural_spline}
    if function == "bs":
        options.setdefault("extrapolation", "extend")
        if "intercept" in options:
            options["include_intercept"] = options.pop("intercept")
    try:
        with np.errstate(all="ignore"):
            made = functions[function](values, *args, _state=state, **options)
    except (TypeError, ValueError, np.linalg.LinAlgError) as error:
        raise DesignError(
            f"{function}() cannot be computed",
            where=where,
            found=str(error),
            fix=f"check the arguments of {function}()",
        ) from error
    columns = list(made.values()) if isinstance(made, dict) else [made]
    if np.isfinite(values).all() and not all(np.isfinite(np.asarray(c)).all() for c in columns):
        raise DesignError(
            f"{function}() gives no finite numbers here",
            where=where,
            found=f"{np.unique(values).size} different values in the column",
            fix=f"{function}() needs a column with more different values",
        )
    if isinstance(made, np.ndarray) and made.ndim == 1:
        return np.asarray(made, dtype=np.float64)
    return made


def _natural_spline(
    values: Array,
    df: int | None = None,
    knots: Any = None,
    intercept: bool = False,
    *,
    _state: dict[str, Any],
    **others: Any,
) -> Any:
    from formulaic.materializers.types import FactorValues

    from ranef.design.natural_spline import NaturalSpline

    boundary = others.pop("Boundary.knots", others.pop("boundary_knots", None))
    if others:
        raise TypeError(f"ns() has no argument '{next(iter(others))}'")
    if not _state:
        _state["spline"] = NaturalSpline.learn(values, df, knots, intercept, boundary)
    basis = _state["spline"].basis(values)
    return FactorValues(
        {j + 1: column for j, column in enumerate(basis.T)},
        kind="numerical",
        spans_intercept=bool(intercept),
        format="{name}[{field}]",
        encoded=False,
    )


def column_values(made: Any) -> Array:
    """The columns of what :func:`transform` gives, shape (n, columns)."""
    if isinstance(made, dict):
        return np.column_stack([np.asarray(column, dtype=np.float64) for column in made.values()])
    values = np.asarray(made, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def with_columns(made: Any, columns: Array) -> Any:
    """What :func:`transform` gave, with other numbers in its columns.

    Parameters
    ----------
    made : object
        For any rows.
    columns : ndarray, shape (n, columns)
    """
    from formulaic.materializers.types import FactorValues

    if isinstance(made, np.ndarray) and made.ndim == 1:
        return columns[:, 0]
    if isinstance(made, dict):
        values: Any = dict(zip(made, columns.T, strict=True))
    else:
        values = columns
    return FactorValues(values, metadata=made.__formulaic_metadata__)


def code_terms(
    intercept: bool, terms: Sequence[Sequence[str]], values: Mapping[str, Any], n_rows: int
) -> tuple[Array, tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Columns of a model matrix from evaluated factors.

    Parameters
    ----------
    intercept : bool
    terms : sequence of sequence of str
        Names of the factors of each term, in order.
    values : mapping of str to object
        Arrays, :func:`category` and :func:`transform` results by factor name.
    n_rows : int

    Returns
    -------
    matrix : ndarray, shape (n, p), Fortran order
    names : tuple of str
    term_columns : tuple of tuple of int
        Columns of each term, the intercept not counted as a term.
    """
    import pandas as pd
    from formulaic import ModelSpec, SimpleFormula
    from formulaic.materializers import PandasMaterializer
    from formulaic.parser.types import Factor, Term

    spec_terms = [Term([Factor(name, eval_method="lookup") for name in term]) for term in terms]
    if intercept:
        spec_terms.insert(0, Term([Factor("1", eval_method="literal")]))
    spec = ModelSpec(
        formula=SimpleFormula(spec_terms, _ordering="none"), output="numpy", na_action="ignore"
    )
    rows = pd.DataFrame(index=pd.RangeIndex(n_rows))
    made = PandasMaterializer(rows, context=dict(values)).get_model_matrix(spec)
    names: list[str] = []
    term_columns: list[tuple[int, ...]] = []
    for structure in made.model_spec.structure:
        term_columns.append(tuple(range(len(names), len(names) + len(structure.columns))))
        names.extend(structure.columns)
    matrix = np.asfortranarray(np.asarray(made, dtype=np.float64))
    return matrix, tuple(names), tuple(term_columns[1 if intercept else 0 :])
