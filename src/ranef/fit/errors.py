"""Standard errors other than the model's, as an option of what tests: ``vcov=``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ranef.errors import OptionError
from ranef.fit.record import FitRecord
from ranef.frame.open import in_row_order
from ranef.inference.ddf import Method
from ranef.inference.robust import KINDS, Clusters, ClusterSums, clusters_of, robust_method
from ranef.options import one_of, shown
from ranef.page.phrases import count

__all__ = ["df_in_words", "errors_in_words", "robust_errors"]


def robust_errors(record: FitRecord, ddf: str, vcov: Any) -> Method:
    """The method that `vcov` asks for, made once where its clusters have a name.

    Parameters
    ----------
    record : FitRecord
    ddf : str
    vcov : str or mapping
        ``"CR2"``, or ``{"CR2": cluster}`` with clusters other than the outermost grouping factor.

    Raises
    ------
    OptionError
        An unknown kind, clusters that do not fit.
    """
    kind, cluster = _split(vcov)
    named = cluster is None or isinstance(cluster, str)
    key = f"{ddf} {kind} {cluster!r}"
    if named and key in record._methods:
        return record._methods[key]
    clusters = _clusters(record, cluster)
    if isinstance(clusters, Clusters):
        record._need_whole_groups(clusters.codes, f"clusters of {clusters.name}")
    method = robust_method(kind, ddf, record._subject(), clusters)
    if named:
        record._methods[key] = method
    return method


def errors_in_words(record: FitRecord, vcov: Any) -> str:
    """What a page says of the standard errors."""
    kind, cluster = _split(vcov)
    found = _clusters(record, cluster)
    clusters = count(found.count, "cluster")
    return f"{kind} standard errors, robust within {clusters} of {found.name}"


def df_in_words(record: FitRecord, ddf: str, vcov: Any) -> str:
    """How degrees of freedom treat a variance of zero, with those of the other rule.

    Empty where no variance is zero, and for methods that do not look at variances.
    """
    if ddf not in ("auto", "satterthwaite", "kenward-roger") or vcov is not None:
        return ""
    p = record._estimates.beta.size
    if record._problem.prior is not None or not p:
        return ""
    if not record._solution.certificate.singular:
        return ""
    other = "auto" if ddf == "satterthwaite" else "satterthwaite"
    df = record._method(other).df(np.eye(p))
    least, most = (f"{value:.1f}" for value in (df.min(), df.max()))
    values = least if least == most else f"{least} to {most}"
    if ddf == "satterthwaite":
        return (
            "The degrees of freedom take a variance estimated as zero as known. Not taken as known "
            f'(ddf="auto") it would leave {values}.'
        )
    return (
        "The degrees of freedom do not take a variance estimated as zero as known. Taken as known "
        f'(ddf="satterthwaite", as in lmerTest) it would leave {values}.'
    )


def _split(vcov: Any) -> tuple[str, Any]:
    cluster = None
    if isinstance(vcov, Mapping):
        if len(vcov) != 1:
            raise OptionError(
                "vcov names one kind of standard errors",
                found=f"vcov={shown(vcov)}",
                fix='as in vcov="CR2", or vcov={"CR2": cluster}',
            )
        vcov, cluster = next(iter(vcov.items()))
    what, fix = f"unknown standard errors {shown(vcov)}", ""
    if isinstance(vcov, str) and vcov.upper().startswith("HC"):
        fix = "use 'CR2': errors of kind HC are for independent rows, and rows of a group are not"
    return one_of("vcov", vcov, KINDS, what=what, fix=fix), cluster


def _clusters(record: FitRecord, cluster: Any) -> Clusters | ClusterSums:
    design = record._design
    if record._elsewhere is not None:
        factors = {term.factor for term in design.terms}
        if cluster is not None and not (isinstance(cluster, str) and cluster in factors):
            record._elsewhere.missed("the cluster of each row")
        return ClusterSums(record._elsewhere.level_products("the rows of each cluster"))
    if isinstance(cluster, str) and all(cluster != term.factor for term in design.terms):
        from ranef.present.frames.model_frame import model_frame

        return clusters_of(design, cluster, model_frame(record._table, None))
    index = record._index
    if index is not None and not isinstance(cluster, str):
        ordered = in_row_order(cluster, index)
        used = index.delete(record.missing_rows.rows)
        cluster = in_row_order(cluster, used) if ordered is cluster else ordered
    return clusters_of(design, cluster, None, record.missing_rows)
