"""What ``ranef compare`` shows: the options of ``rn.compare`` that a command line takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from ranef.cli.after import robust_errors
from ranef.errors import OptionError

__all__ = ["TABLE_OPTIONS", "AskedTable", "pairs"]

TABLE_OPTIONS: dict[str, Any] = {
    "headings": Annotated[
        list[str] | None,
        typer.Option(
            "--heading",
            metavar="TEXT",
            help="The heading of a model; repeat it for each of them.",
            show_default=False,
        ),
    ],
    "labels": Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="NAME=WORDS",
            help="Words for a column, such as 'ses=SES'. May be repeated.",
            show_default=False,
        ),
    ],
    "coef_map": Annotated[
        list[str] | None,
        typer.Option(
            "--coef-map",
            metavar="NAME=ROW",
            help="Show this coefficient in a row of this name, and only those that are named, in "
            "this order; equal rows are one. May be repeated.",
            show_default=False,
        ),
    ],
    "keep": Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="NAME",
            help="Show these coefficients alone: names or regular expressions. May be repeated.",
            show_default=False,
        ),
    ],
    "drop": Annotated[
        list[str] | None,
        typer.Option(
            "--drop",
            metavar="NAME",
            help="Leave these coefficients out: names or regular expressions. May be repeated.",
            show_default=False,
        ),
    ],
    "statistic": Annotated[
        list[str] | None,
        typer.Option(
            "--statistic",
            metavar="[se|ci|t|p|none|TEMPLATE]",
            help="The line under an estimate, or a template such as '[{conf_low}, {conf_high}]'. "
            "Repeat it for several lines.",
            show_default=False,
        ),
    ],
    "stars": Annotated[
        bool | None,
        typer.Option(
            "--stars/--no-stars", help="Whether marks show significance.", show_default=False
        ),
    ],
    "digits": Annotated[
        int | None,
        typer.Option(
            "--digits",
            metavar="COUNT",
            help="Decimals; without it two significant digits of each standard error, and at "
            "least two decimals.",
            show_default=False,
        ),
    ],
    "gof": Annotated[
        list[str] | None,
        typer.Option(
            "--gof",
            metavar="NAMES",
            help="Statistics of the models in this order, with commas between them: nobs, ngroups, "
            "aic, bic, loglik, r2, icc, caic, verdict and others.",
            show_default=False,
        ),
    ],
    "random": Annotated[
        bool | None,
        typer.Option(
            "--random/--no-random",
            help="Whether the variances of the random effects are shown.",
            show_default=False,
        ),
    ],
    "scale": Annotated[
        str | None,
        typer.Option(
            "--scale",
            metavar="[variance|sd]",
            help="Random effects as variances and covariances, or as SDs and correlations.",
            show_default=False,
        ),
    ],
    "vcov": Annotated[
        str | None,
        typer.Option(
            "--vcov",
            metavar="KIND[:CLUSTER]",
            help="Cluster-robust standard errors: CR2, CR1 or CR0.",
            show_default=False,
        ),
    ],
    "standardize": Annotated[
        str | None,
        typer.Option(
            "--standardize",
            metavar="[refit|within|basic]",
            help="Standardised coefficients.",
            show_default=False,
        ),
    ],
    "style": Annotated[
        str | None,
        typer.Option(
            "--style",
            metavar="[default|apa]",
            help="The style of the table; apa is that of the American Psychological Association.",
            show_default=False,
        ),
    ],
    "caption": Annotated[
        str | None,
        typer.Option(
            "--caption", metavar="TEXT", help="The title of the table.", show_default=False
        ),
    ],
    "notes": Annotated[
        list[str] | None,
        typer.Option(
            "--note",
            metavar="TEXT",
            help="A note below those of the table. May be repeated.",
            show_default=False,
        ),
    ],
}
"""Options of every command that has a parameter `table`."""


@dataclass(frozen=True, slots=True)
class AskedTable:
    """The options as they were typed; what was not is None."""

    headings: list[str] | None = None
    labels: list[str] | None = None
    coef_map: list[str] | None = None
    keep: list[str] | None = None
    drop: list[str] | None = None
    statistic: list[str] | None = None
    stars: bool | None = None
    digits: int | None = None
    gof: list[str] | None = None
    random: bool | None = None
    scale: str | None = None
    vcov: str | None = None
    standardize: str | None = None
    style: str | None = None
    caption: str | None = None
    notes: list[str] | None = None

    def given(self, n: int) -> dict[str, Any]:
        """As ``rn.compare`` takes them, for `n` models; `named` has the headings.

        Raises
        ------
        OptionError
            An option that cannot be read; another number of headings than models.
        """
        headings = self.headings or []
        if headings and len(headings) != n:
            raise OptionError(
                "--heading is given once for each model",
                found=f"{len(headings)} for {n} models",
                fix="repeat it for each of them, or leave it out",
            )
        if len(set(headings)) != len(headings):
            raise OptionError(
                "two models have the same heading",
                found=", ".join(f"--heading {text}" for text in headings),
                fix="give each a heading of its own",
            )
        made = {
            "labels": pairs("--label", self.labels or ()),
            "coef_map": pairs("--coef-map", self.coef_map or ()),
            "keep": self.keep,
            "drop": self.drop,
            "statistic": self.statistic,
            "gof": [name.strip() for text in self.gof or () for name in text.split(",")],
            "scale": self.scale,
            "vcov": robust_errors(self.vcov),
            "standardize": self.standardize,
            "style": self.style,
            "caption": self.caption,
            "notes": self.notes,
        }
        given = {name: value for name, value in made.items() if value}
        others = {"stars": self.stars, "random": self.random, "digits": self.digits}
        return given | {name: value for name, value in others.items() if value is not None}

    def named(self, models: Sequence[Any]) -> Any:
        """The models by heading, if they have headings."""
        return dict(zip(self.headings, models, strict=True)) if self.headings else list(models)


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """``NAME=WORDS`` as entries of a dict; what follows the first sign is the words."""
    made = {}
    for text in texts:
        name, sign, words = text.partition("=")
        if not sign or not name.strip() or not words.strip():
            raise OptionError(
                f"{option} takes a name and its words with = between them",
                found=f"{option} {text}",
                fix=f"as in {option} 'ses=SES'",
            )
        made[name.strip()] = words.strip()
    return made
