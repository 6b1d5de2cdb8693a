"""Which prior belongs to which random-effects term, and what all of them add to a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Protocol

import numpy as np

from ranef.core import CovariancePenalty, Penalty, TermBlock, TermPenalty
from ranef.covariance import KINDS
from ranef.errors import OptionError, suggestion
from ranef.formula.naming import of_group
from ranef.priors.covariance import CovariancePrior
from ranef.priors.fixed import Normal
from ranef.types import Array

__all__ = ["Assigned", "Term", "assign", "checked", "has_shared_sd"]

FIXED = "fixed"

EXAMPLE = 'prior=rn.priors.Wishart(), a list of priors, or {"sch.id": rn.priors.Wishart()}'


class Term(Protocol):
    """What is known of a random-effects term here."""

    @property
    def label(self) -> str: ...
    @property
    def factor(self) -> str: ...
    @property
    def q(self) -> int: ...
    @property
    def structure(self) -> str: ...
    @property
    def rank(self) -> int: ...


class Sized(Protocol):
    """How many effects a term has, and the structure of their covariance."""

    @property
    def q(self) -> int: ...
    @property
    def structure(self) -> str: ...
    @property
    def rank(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Assigned:
    """The priors of a model.

    Attributes
    ----------
    labels : tuple of str
        Of the random-effects terms.
    sizes : tuple of int
        Their numbers of effects.
    terms : tuple of tuple of CovariancePrior
        Priors of each term, with all parameters filled in; empty for none.
    fixed : Normal or None
    x_names : tuple of str
    shared : tuple of bool
        Whether the effects of each term share one standard deviation; empty for none.
    """

    labels: tuple[str, ...]
    sizes: tuple[int, ...]
    terms: tuple[tuple[CovariancePrior, ...], ...]
    fixed: Normal | None
    x_names: tuple[str, ...]
    shared: tuple[bool, ...] = ()

    @property
    def n_fixed(self) -> int:
        """Number of fixed effects that have a prior."""
        return 0 if self.fixed is None else int(np.isfinite(self.fixed.sds(self.x_names)).sum())

    def by_name(self) -> dict[str, Any]:
        """Priors by term label and ``"fixed"``, in a form that ``prior=`` takes."""
        out: dict[str, Any] = {
            label: priors[0] if len(priors) == 1 else list(priors)
            for label, priors in zip(self.labels, self.terms, strict=True)
            if priors or len(self.labels) > 1
        }
        if self.fixed is not None:
            out[FIXED] = self.fixed
        return out

    def sentences(self) -> tuple[str, ...]:
        """``Wishart(df=4.5, scale=inf) on sch.id`` for each prior."""
        out = [
            f"{prior!r} on {label}"
            for label, priors in zip(self.labels, self.terms, strict=True)
            for prior in priors
        ]
        if self.fixed is not None:
            out.append(f"{self.fixed!r} on the fixed effects")
        return tuple(out)

    def penalty(
        self,
        blocks: Sequence[TermBlock],
        changes: Sequence[Array],
        r: Array,
        y_shift: Array,
    ) -> Penalty:
        """What a kernel is given.

        Parameters
        ----------
        blocks : sequence of TermBlock
        changes : sequence of ndarray, shape (q, q)
            B of each term: effects on the data's scale over sigma are B times the inner ones.
        r : ndarray, shape (p, p)
        y_shift : ndarray, shape (p,)
            Coefficients on the data's scale, over the size of y, are r times the inner ones plus
            y_shift.
        """
        terms = tuple(
            TermPenalty(block, change, self.form(k))
            for k, (block, change) in enumerate(zip(blocks, changes, strict=True))
            if self.terms[k]
        )
        if self.fixed is None:
            return Penalty(terms)
        sds = self.fixed.sds(self.x_names)
        has = np.flatnonzero(np.isfinite(sds))
        rows = np.column_stack([r[has], -y_shift[has]]) / sds[has, None]
        return Penalty(terms, rows)

    def form(self, k: int) -> CovariancePenalty:
        """The penalty of one term that has priors."""
        where = f"term '{self.labels[k]}'"
        shared = bool(self.shared) and self.shared[k]
        return reduce(
            add, (_penalty(prior, self.sizes[k], shared, where) for prior in self.terms[k])
        )

    def fixed_constant(self) -> float:
        """What the normalising constant of the normal prior adds to the criterion."""
        if self.fixed is None:
            return 0.0
        sds = self.fixed.sds(self.x_names)
        return 2.0 * float(np.sum(np.log(sds[np.isfinite(sds)])))


def has_shared_sd(term: Sized) -> bool:
    """Whether the effects of a term have one standard deviation."""
    return term.q > 1 and KINDS[term.structure].one_variance


def checked(prior: CovariancePrior, term: Sized, label: str) -> None:
    """Raise if a prior does not suit a term.

    Raises
    ------
    OptionError
        It has other sizes, or its density is zero at all covariances of the term.
    """
    where = f"term '{label}'"
    form = _penalty(prior, term.q, has_shared_sd(term), where)
    if term.structure == "rr" and term.rank < term.q and (form.log_det or form.log_correlation):
        raise OptionError(
            "this density is zero at all covariances of reduced rank",
            where=where,
            found=f"{prior!r} for a covariance of rank {term.rank} of {term.q} effects",
            fix="use HalfT() or HalfNormal(), or a covariance of full rank",
        )


def _penalty(prior: CovariancePrior, q: int, shared: bool, where: str) -> CovariancePenalty:
    if prior.of_sds and shared:
        return prior.penalty(1, where).of_first(q)
    return prior.penalty(q, where)


def assign(prior: Any, terms: Sequence[Term], x_names: Sequence[str]) -> Assigned | None:
    """Find for each term, and for the fixed effects, the priors that are meant for it.

    Parameters
    ----------
    prior : prior, sequence of priors, or mapping, or None
        A prior of covariances is one of every random-effects term, several multiply. The keys of a
        mapping are grouping factors (all their terms), labels of single terms, or ``"fixed"``.
    terms : sequence of Term
    x_names : sequence of str
        Coefficients of the fixed part.

    Raises
    ------
    OptionError
        Something is not a prior, or has no term to belong to, or does not fit its term.
    """
    if prior is None:
        return None
    labels = [term.label for term in terms]
    chosen: dict[str, list[CovariancePrior]] = {label: [] for label in labels}
    fixed: list[Normal] = []
    if isinstance(prior, Mapping):
        keys = list(prior)
        for key, value in prior.items():
            members = _members(key, terms, keys)
            for one in _listed(value):
                if isinstance(one, Normal) and key == FIXED:
                    fixed.append(one)
                elif isinstance(one, CovariancePrior) and members:
                    for label in members:
                        chosen[label].append(one)
                else:
                    raise _misplaced(key, one, members, terms)
    else:
        for one in _listed(prior):
            if isinstance(one, Normal):
                fixed.append(one)
            else:
                for label in labels:
                    chosen[label].append(one)
    if len(fixed) > 1:
        raise OptionError(
            "the fixed effects have more than one prior",
            found=", ".join(map(repr, fixed)),
            fix="give one Normal",
        )
    filled = []
    for term in terms:
        own = tuple(one.for_size(term.q) for one in chosen[term.label])
        twice = {type(one).__name__ for one in own if sum(type(o) is type(one) for o in own) > 1}
        if twice:
            raise OptionError(
                f"the term '{term.label}' has two priors of one kind",
                found=", ".join(map(repr, own)),
                fix="give one of each kind; different kinds multiply",
            )
        for one in own:
            checked(one, term, term.label)
        filled.append(own)
    if fixed:
        fixed[0].sds(x_names)
    return Assigned(
        tuple(labels),
        tuple(term.q for term in terms),
        tuple(filled),
        fixed[0] if fixed else None,
        tuple(x_names),
        tuple(map(has_shared_sd, terms)),
    )


def _listed(value: Any) -> list[CovariancePrior | Normal]:
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    for one in values:
        if isinstance(one, type) and issubclass(one, (CovariancePrior, Normal)):
            raise OptionError(
                "a prior is missing its brackets",
                found=f"the class {one.__name__}",
                fix=f"write rn.priors.{one.__name__}()",
            )
        if not isinstance(one, (CovariancePrior, Normal)):
            raise OptionError("that is not a prior", found=f"{one!r}", fix=f"use {EXAMPLE}")
    return values


def _members(key: Any, terms: Sequence[Term], keys: Sequence[Any]) -> list[str]:
    """Labels of the terms that a key of a mapping stands for; none for the fixed effects."""
    by_factor = [
        term.label
        for term in terms
        if term.factor == key and (term.label == key or term.label not in keys)
    ]
    members = by_factor or [term.label for term in terms if term.label == key]
    if not members and isinstance(key, str) and key not in (FIXED, of_group(key)):
        members = [term.label for term in terms if term.factor == of_group(key)]
    if members or key == FIXED:
        return members
    known = list(dict.fromkeys(name for term in terms for name in (term.factor, term.label)))
    raise OptionError(
        f"there is no grouping factor '{key}' to have a prior",
        where=f"prior={{{key!r}: ...}}",
        found="grouping factors " + ", ".join(known),
        fix=suggestion(str(key), known) or 'the prior of the fixed effects goes under "fixed"',
    )


def _misplaced(key: Any, one: Any, members: list[str], terms: Sequence[Term]) -> OptionError:
    where = f"prior={{{key!r}: {one!r}}}"
    if members:
        return OptionError(
            "a normal prior is one of fixed effects",
            where=where,
            found=f"the grouping factor '{key}'",
            fix=f'write {{"fixed": {one!r}}}',
        )
    return OptionError(
        "a prior of covariances stands where one of fixed effects is meant",
        where=where,
        found=f"{one!r} under 'fixed'",
        fix=f'write {{"{terms[0].factor}": {one!r}}}' if terms else "use Normal()",
    )
