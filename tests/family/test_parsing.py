"""The argument `family=`: what is read, and what a user reads who wrote something else."""

from __future__ import annotations

from typing import Any

import pytest
from tests.family.registered import every

import ranef as rn
from ranef.errors import OptionError
from ranef.family import FAMILIES, Family, ZeroInflated, parse_family

READ = {
    "binomial": rn.Binomial(),
    "Binomial": rn.Binomial(),
    "bernoulli": rn.Binomial(),
    "binomial(probit)": rn.Binomial("probit"),
    'binomial(link = "cloglog")': rn.Binomial("cloglog"),
    "binomial(link='cauchit')": rn.Binomial("cauchit"),
    " BINOMIAL ( Probit ) ": rn.Binomial("probit"),
    "binomial()": rn.Binomial(),
    "poisson": rn.Poisson(),
    "Gamma(log)": rn.Gamma(),
    "gamma(inverse)": rn.Gamma("inverse"),
    "gamma(inverse_power)": rn.Gamma("inverse"),
    "normal": rn.Gaussian(),
    "gaussian(log)": rn.Gaussian("log"),
    "inverse.gaussian": rn.InverseGaussian(),
    "inverse_gaussian(1/mu^2)": rn.InverseGaussian("1/mu^2"),
    "InverseGaussian(inverse_squared)": rn.InverseGaussian("1/mu^2"),
    "negative binomial": rn.NegativeBinomial(),
    "NegativeBinomial": rn.NegativeBinomial(),
    "nbinom2": rn.NegativeBinomial(2),
    "nb2": rn.NegativeBinomial(2),
    "negbin": rn.NegativeBinomial(2),
    "nbinom1": rn.NegativeBinomial(1),
    "beta_family": rn.Beta(),
    "beta": rn.Beta(),
    "beta-binomial": rn.BetaBinomial(),
    "tweedie": rn.Tweedie(),
    "tweedie(1.6)": rn.Tweedie(1.6),
    "tweedie(power=1.6, link=log)": rn.Tweedie(1.6),
    "cumulative(probit)": rn.Cumulative("probit"),
    "ordinal": rn.Cumulative(),
    "truncated_poisson": rn.TruncatedPoisson(),
    "truncated_nbinom2": rn.TruncatedNegativeBinomial(),
    "hurdle_poisson": rn.HurdlePoisson(),
    "Hurdle Poisson": rn.HurdlePoisson(),
    "hurdle_nbinom2": rn.HurdleNegativeBinomial(),
}


@pytest.mark.parametrize("text", READ)
def test_read(text: str) -> None:
    assert parse_family(text) == READ[text]
    assert parse_family(READ[text]) is READ[text]


@pytest.mark.parametrize("family", every(), ids=str)
def test_the_text_of_a_family_is_read_back(family: Family) -> None:
    if not isinstance(family, ZeroInflated):
        assert parse_family(family.text) == family


def test_every_family_has_an_object() -> None:
    exported = {getattr(rn, name) for name in dir(rn) if name[0].isupper()}
    for name in FAMILIES:
        family = parse_family(name)
        assert type(family) in exported
        assert isinstance(family, Family)
        assert family.name == name


ERRORS: dict[str, tuple[Any, str]] = {
    "unknown name": (
        "binomal",
        """unknown family 'binomal'
  where  family='binomal'
  found  families binomial, poisson, gamma, gaussian, inverse_gaussian, nbinom2, nbinom1, beta, \
betabinomial, tweedie, cumulative, truncated_poisson, truncated_nbinom2, hurdle_poisson, \
hurdle_nbinom2
  fix    did you mean 'binomial'?""",
    ),
    "unknown link": (
        "binomial(probti)",
        """binomial has no link 'probti'
  where  family='binomial(probti)'
  found  links logit, probit, cloglog, cauchit
  fix    did you mean 'probit'?""",
    ),
    "link of another family": (
        "poisson(logit)",
        """poisson has no link 'logit'
  where  family='poisson(logit)'
  found  links log, sqrt, identity
  fix    leave it out for the default, as in family="poisson\"""",
    ),
    "number for a link": (
        "poisson(2)",
        """poisson takes no number in its parentheses
  where  family='poisson(2)'
  found  2
  fix    write it as in "binomial", "binomial(probit)" or "tweedie(1.5)\"""",
    ),
    "power out of range": (
        "tweedie(2.5)",
        """the power of a Tweedie family is a number between 1 and 2
  where  family='tweedie(2.5)'
  found  power=2.5
  fix    1 is poisson, 2 is gamma, 3 is inverse_gaussian; as in tweedie(1.5)""",
    ),
    "unknown option": (
        "binomial(lnk=probit)",
        """binomial has no option 'lnk'
  where  family='binomial(lnk=probit)'
  found  options link
  fix    did you mean 'link'?""",
    ),
    "unbalanced": (
        "binomial(probit",
        """the family cannot be read
  where  family='binomial(probit'
  found  a parenthesis that has no partner
  fix    write it as in "binomial", "binomial(probit)" or "tweedie(1.5)\"""",
    ),
    "empty": (
        "",
        """the family cannot be read
  where  family=''
  found  a name is missing
  fix    write it as in "binomial", "binomial(probit)" or "tweedie(1.5)\"""",
    ),
    "number": (
        3,
        """the family is a name or a family of ranef
  found  family=3
  fix    write it as in family="binomial" or family=rn.Binomial(link="probit")""",
    ),
    "class": (
        rn.Binomial,
        """a family is missing its brackets
  found  the class Binomial
  fix    write rn.Binomial()""",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_message(name: str) -> None:
    given, expected = ERRORS[name]
    with pytest.raises(OptionError) as caught:
        parse_family(given)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("quasipoisson", "nbinom1"),
        ("zip", "zero_inflation"),
        ("multinomial", "cumulative"),
        ("Probit", "binomial(probit)"),
        ("negbim", "did you mean 'nbinom2'?"),
        ("hurdle_poisson(log)", '"hurdle_poisson"'),
        ("tweedie(1.5, 1.6)", "tweedie(1.5)"),
        ("binomial(link=logit, link=probit)", "binomial(probit)"),
    ],
)
def test_the_way_out(text: str, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_family(text)
    assert words in caught.value.fix
    assert caught.value.where == f"family={text!r}"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: rn.Binomial(link="log"), "binomial has no link 'log'"),
        (lambda: rn.Binomial(link=3), "binomial has no link 3"),
        (lambda: rn.NegativeBinomial(kind=3), "unknown kind 3"),
        (lambda: rn.Tweedie(power=1.0), "between 1 and 2"),
        (lambda: ZeroInflated(rn.TruncatedPoisson()), "has no zero inflation"),
        (lambda: ZeroInflated(rn.Poisson("sqrt")), "has no link 'sqrt'"),
    ],
)
def test_objects_check_themselves(make: Any, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        make()
    assert words in caught.value.what
    assert caught.value.fix


def test_a_name_that_ranef_lacks_is_answered() -> None:
    with pytest.raises(rn.UnknownNameError, match="Binomial"):
        _ = rn.Binomal
