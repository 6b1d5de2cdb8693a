"""What ``ranef fit`` prints after the summary: tests of terms, marginal means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from ranef.errors import OptionError

if TYPE_CHECKING:
    from ranef.fit import Fit

__all__ = [
    "After",
    "Anova",
    "By",
    "Ddf",
    "Emmeans",
    "Method",
    "Pairs",
    "Vcov",
    "asked_after",
    "robust_errors",
]


class Method(StrEnum):
    """Degrees of freedom of the tests."""

    satterthwaite = "satterthwaite"
    kenward_roger = "kenward-roger"
    residual = "residual"
    asymptotic = "asymptotic"


Ddf = Annotated[
    Method | None,
    typer.Option(
        "--ddf",
        help="Degrees of freedom of all tests of a linear model; satterthwaite if it is not given.",
        show_default=False,
    ),
]
Vcov = Annotated[
    str | None,
    typer.Option(
        "--vcov",
        metavar="KIND[:CLUSTER]",
        help="Cluster-robust standard errors: CR2, CR1 or CR0; within the levels of the outermost "
        "grouping factor, or of another variable of the model: CR2:region.",
        show_default=False,
    ),
]
Anova = Annotated[
    int | None,
    typer.Option(
        "--anova",
        metavar="TYPE",
        help="Tests of the terms, of type 1, 2 or 3: F, or chi-square with --family.",
    ),
]
Emmeans = Annotated[
    list[str] | None,
    typer.Option(
        "--emmeans",
        metavar="NAMES",
        help="Marginal means of a variable, or with commas of the combinations of several. May be "
        "repeated.",
        show_default=False,
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="NAMES",
        help="Variables within whose values --emmeans compares; commas between several.",
        show_default=False,
    ),
]
Pairs = Annotated[
    bool, typer.Option("--pairs", help="All differences of the means of --emmeans too.")
]


@dataclass(frozen=True, slots=True)
class After:
    """What was asked for, beside the summary.

    Attributes
    ----------
    ddf : str
    vcov : str, dict or None
        As the methods of a fit take it.
    anova : int or None
        The type of the F tests.
    emmeans : tuple of list of str
        The variables of each table of means.
    by : list of str
    pairs : bool
    """

    ddf: str
    vcov: Any
    anova: int | None
    emmeans: tuple[list[str], ...]
    by: list[str]
    pairs: bool

    def texts(self, model: Fit) -> list[str]:
        """Each table as text."""
        from ranef.present.results.tests_text import terms_text

        texts = []
        if self.anova is not None:
            texts.append(terms_text(self._terms(model), self.anova, self._errors(model)))
        for means in self._means(model):
            texts.append(str(means))
            if self.pairs:
                texts.append(str(means.pairs()))
        return texts

    def records(self, model: Fit) -> dict[str, Any]:
        """The same as plain values, under the name of the option."""
        made: dict[str, Any] = {}
        if self.anova is not None:
            terms = self._terms(model).reset_index()
            made["anova"] = {"type": self.anova, "terms": terms.to_dict("records")}
        if self.emmeans:
            made["emmeans"] = [
                {"variables": names, "by": self.by, **self._mean_record(means)}
                for names, means in zip(self.emmeans, self._means(model), strict=True)
            ]
        return made

    def _terms(self, model: Fit) -> Any:
        return model.anova(cast(Literal[1, 2, 3], self.anova), self.ddf, self.vcov)

    def _means(self, model: Fit) -> list[Any]:
        by = self.by or None
        return [model.emmeans(n, by=by, ddf=self.ddf, vcov=self.vcov) for n in self.emmeans]

    def _mean_record(self, means: Any) -> dict[str, Any]:
        made = {"means": means.frame.to_dict("records"), "notes": list(means.notes)}
        if self.pairs:
            pairs = means.pairs()
            made["pairs"] = pairs.frame.to_dict("records")
            made["adjust"] = pairs.adjust
        return made

    def _errors(self, model: Fit) -> str:
        if self.vcov is None:
            return f"{self.ddf.title()} degrees of freedom"
        return model._errors_in_words(self.vcov)


def asked_after(
    ddf: Method | None,
    vcov: str | None,
    anova: int | None,
    emmeans: Sequence[str] | None,
    by: str | None,
    pairs: bool,
    ml: bool,
    generalised: bool,
) -> After:
    """What the options ask for, checked before anything is fitted.

    Raises
    ------
    OptionError
        A type of F tests that does not exist, an empty list of names, an option of means without
        means, or Kenward-Roger without REML.
    """
    if ml and ddf is Method.kenward_roger:
        raise OptionError(
            "Kenward-Roger is for fits by REML",
            found="--ddf kenward-roger with --ml",
            fix="leave out --ml, or use --ddf satterthwaite",
        )
    if anova not in (None, 1, 2, 3):
        raise OptionError(
            "the type of an analysis of variance is 1, 2 or 3", found=f"--anova {anova}"
        )
    for option, given in (("--by", by is not None), ("--pairs", pairs)):
        if given and not emmeans:
            raise OptionError(
                f"{option} belongs to --emmeans",
                found=f"{option} without --emmeans",
                fix=f"name the means too, as in --emmeans recipe {option}"
                + (" temp" if option == "--by" else ""),
            )
    return After(
        ddf=(ddf or (Method.asymptotic if generalised else Method.satterthwaite)).value,
        vcov=robust_errors(vcov),
        anova=anova,
        emmeans=tuple(_names("--emmeans", text) for text in emmeans or ()),
        by=[] if by is None else _names("--by", by),
        pairs=pairs,
    )


def _names(option: str, text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise OptionError(
            f"{option} takes names with commas between them",
            found=f"{option} {text!r}",
            fix=f"as in {option} recipe, or {option} recipe,temp",
        )
    return names


def robust_errors(text: str | None) -> Any:
    """What ``--vcov`` asks for, as the methods of a fit take it.

    Raises
    ------
    OptionError
        Nothing behind the colon.
    """
    if text is None:
        return None
    kind, colon, cluster = (part.strip() for part in text.partition(":"))
    if colon and not cluster:
        raise OptionError(
            "--vcov takes a kind, or a kind and a cluster with a colon between them",
            found=f"--vcov {text}",
            fix="as in --vcov CR2, or --vcov CR2:region",
        )
    return {kind: cluster} if cluster else kind
