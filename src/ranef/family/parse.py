"""The argument `family=` to a family."""

from __future__ import annotations

import ast
import re
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.family.base import Family
from ranef.family.links import LINKS
from ranef.family.registry import ALIASES, ELSEWHERE, FAMILIES
from ranef.options import shown

__all__ = ["parse_family"]

_CALL = re.compile(r"\s*([^()]*?)\s*(?:\((.*)\))?\s*\Z", re.DOTALL)
_EXAMPLE = 'write it as in "binomial", "binomial(probit)" or "tweedie(1.5)"'


def parse_family(family: Any) -> Family:
    """Read a family.

    Parameters
    ----------
    family : str or Family
        A name in any case, with a link or a constant in parentheses if wanted, or an object.

    Returns
    -------
    Family

    Raises
    ------
    OptionError
        There is no such family or link.

    Examples
    --------
    >>> parse_family("binomial(probit)"), parse_family("Negative Binomial").name
    (Binomial(link='probit'), 'nbinom2')
    >>> parse_family("tweedie(1.6)")
    Tweedie(power=1.6, link='log')
    """
    if isinstance(family, Family):
        return family
    if isinstance(family, type) and issubclass(family, Family):
        raise OptionError(
            "a family is missing its brackets",
            found=f"the class {family.__name__}",
            fix=f"write rn.{family.__name__}()",
        )
    if not isinstance(family, str):
        raise OptionError(
            "the family is a name or a family of ranef",
            found=f"family={shown(family)}",
            fix='write it as in family="binomial" or family=rn.Binomial(link="probit")',
        )
    found = _CALL.match(family)
    if found is None or not found[1]:
        partner = "(" in family or ")" in family
        raise OptionError(
            "the family cannot be read",
            where=f"family={shown(family)}",
            found="a parenthesis that has no partner" if partner else "a name is missing",
            fix=_EXAMPLE,
        )
    name = _named(found[1], family)
    values, options = _arguments(name, found[2] or "", family)
    try:
        return FAMILIES[name](**_assigned(name, values, options, family))
    except OptionError as error:
        if error.where:
            raise
        raise OptionError(
            error.what, where=f"family={shown(family)}", found=error.found, fix=error.fix
        ) from None


def _folded(text: str) -> str:
    return re.sub(r"[\s_.\-]+", "", text).lower()


def _named(text: str, family: str) -> str:
    """The name of a family, from what a user or another program calls it."""
    folded = _folded(text)
    own = {_folded(name): name for name in FAMILIES}
    if folded in own or folded in ALIASES:
        return own.get(folded) or ALIASES[folded]
    near = suggestion(text.lower(), FAMILIES)
    if not near and (alias := suggestion(folded, ALIASES)):
        near = f"did you mean '{ALIASES[alias.split(chr(39))[1]]}'?"
    raise OptionError(
        f"unknown family {text!r}",
        where=f"family={shown(family)}",
        found=f"families {', '.join(FAMILIES)}",
        fix=ELSEWHERE.get(folded) or near or "use one of these families",
    )


def _arguments(name: str, text: str, family: str) -> tuple[list[Any], dict[str, Any]]:
    """What stands in the parentheses: values, and options by name."""
    values: list[Any] = []
    options: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            values.append(_literal(part))
        elif key.strip() in options:
            raise OptionError(
                f"{name} has {key.strip()} twice",
                where=f"family={shown(family)}",
                found=f"{key.strip()}= two times",
                fix=_EXAMPLE,
            )
        else:
            options[key.strip()] = _literal(value.strip())
    return values, options


def _literal(text: str) -> Any:
    """A number or a text, in quotes or not."""
    if text in LINKS:
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text.strip("\"'")


def _assigned(name: str, values: list[Any], options: dict[str, Any], family: str) -> dict[str, Any]:
    """The arguments of a family's constructor."""
    known = [key for key in ("power", "link") if key in _accepted(name)]
    out = dict(options)
    for value in values:
        key = "link" if isinstance(value, str) else "power"
        if key not in known or key in out:
            what = "link" if key == "link" else "number"
            raise OptionError(
                f"{name} takes no {'second ' if key in out else ''}{what} in its parentheses",
                where=f"family={shown(family)}",
                found=f"{value}",
                fix=f'write "{name}"' if not known else _EXAMPLE,
            )
        out[key] = value
    unknown = [key for key in out if key not in known]
    if unknown:
        raise OptionError(
            f"{name} has no option {unknown[0]!r}",
            where=f"family={shown(family)}",
            found=f"options {', '.join(known)}" if known else "it takes no options",
            fix=suggestion(unknown[0], known) or f'write "{name}"',
        )
    if isinstance(out.get("link"), str):
        out["link"] = _LINK_NAMES.get(out["link"].lower(), out["link"].lower())
    return out


def _accepted(name: str) -> tuple[str, ...]:
    if name.startswith("hurdle"):
        return ()
    return ("power", "link") if name == "tweedie" else ("link",)


_LINK_NAMES = {
    "log-log": "cloglog",
    "complementary log-log": "cloglog",
    "cauchy": "cauchit",
    "inverse_squared": "1/mu^2",
    "inversesquared": "1/mu^2",
    "inverse_power": "inverse",
    "1/mu2": "1/mu^2",
    "1/mu**2": "1/mu^2",
    "reciprocal": "inverse",
}
"""What other programs call a link."""
