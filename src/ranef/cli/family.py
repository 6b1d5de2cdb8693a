"""The family of a response, and the options that only models with a family have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ranef.errors import OptionError

if TYPE_CHECKING:
    from ranef.formula import Formula

__all__ = ["FAMILY_OPTIONS", "AskedFamily"]

FAMILY_OPTIONS = {
    "family": Annotated[
        str | None,
        typer.Option(
            "--family",
            metavar="NAME",
            help="A generalised model with this distribution of the response: binomial, "
            "'binomial(probit)', poisson, nbinom2, beta, 'gamma(log)', cumulative and others. "
            "Without it, a linear model.",
            show_default=False,
        ),
    ],
    "agq": Annotated[
        int | None,
        typer.Option(
            "--agq",
            metavar="NODES",
            help="With --family: nodes of adaptive quadrature, for one grouping factor; Laplace's "
            "method without it.",
            show_default=False,
        ),
    ],
    "zero_inflation": Annotated[
        str | None,
        typer.Option(
            "--zero-inflation",
            metavar="FORMULA",
            help="With --family: extra zeros, with the log odds of one as a formula: '~ x'.",
            show_default=False,
        ),
    ],
    "dispersion": Annotated[
        str | None,
        typer.Option(
            "--dispersion",
            metavar="FORMULA",
            help="With --family: the logarithm of the dispersion as a formula: '~ x'.",
            show_default=False,
        ),
    ],
}
"""Options of every command that has a parameter `family`."""

_ONLY_LINEAR = {
    "--ml": "generalised models are always fitted by maximum likelihood; leave it out",
    "--residual": "the family gives the variance; --dispersion '~ x' lets it depend on x",
    "--vcov": "leave it out; robust standard errors are for linear models",
    "--ddf": "leave it out; tests of generalised models are z and chi-square tests",
}


@dataclass(frozen=True, slots=True)
class AskedFamily:
    """What was asked about the distribution of the response.

    Attributes
    ----------
    family : str or None
        None for a linear model.
    agq : int or None
    zero_inflation, dispersion : str or None
        Formulas of fixed effects.
    """

    family: str | None = None
    agq: int | None = None
    zero_inflation: str | None = None
    dispersion: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of ``rn.glmm`` that were given, by name."""
        given = {
            "family": self.family,
            "n_agq": self.agq,
            "zero_inflation": self.zero_inflation,
            "dispersion": self.dispersion,
        }
        return {name: value for name, value in given.items() if value is not None}

    @property
    def formulas(self) -> Iterator[Formula]:
        """The formulas of the other parts of the model."""
        from ranef.formula import parse_part

        for option, text in (
            ("--zero-inflation", self.zero_inflation),
            ("--dispersion", self.dispersion),
        ):
            if text is not None:
                yield parse_part(text, option)

    def check(self, linear: Mapping[str, Any]) -> None:
        """Refuse options that belong to the other kind of model, before anything is read.

        Parameters
        ----------
        linear : mapping of str to object
            What was given for options that only linear models have, by option.

        Raises
        ------
        OptionError
            There is no such family, or an option would do nothing.
        """
        if self.family is None:
            for name in self.options:
                option = "--agq" if name == "n_agq" else f"--{name.replace('_', '-')}"
                raise OptionError(
                    f"{option} belongs to --family",
                    found=f"{option} without --family",
                    fix=f"name the family too, as in --family binomial {option}",
                )
            return
        from ranef.family import parse_family

        parse_family(self.family)
        for option, given in linear.items():
            if given:
                raise OptionError(
                    f"{option} is for linear models",
                    found=f"{option} with --family {self.family}",
                    fix=_ONLY_LINEAR[option],
                )
