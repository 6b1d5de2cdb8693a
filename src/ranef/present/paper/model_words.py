"""The model in sentences: response, fixed part, categories, centring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ranef.design.state import Category, State
from ranef.formula import Formula, Term
from ranef.formula.naming import columns_of, factors, without_level
from ranef.formula.nodes import Call, Expr, Name
from ranef.formula.parser import parse_sides
from ranef.formula.render import to_text
from ranef.present.paper.references import cited
from ranef.present.protocol import FittedModel
from ranef.present.request import Request
from ranef.present.text.names import response_of
from ranef.present.text.prose import listed
from ranef.present.text.words import TIMES, Words, centring_of

__all__ = [
    "categories",
    "centring",
    "fixed_part",
    "group_words",
    "grouping",
    "opening",
    "other_parts",
    "response_words",
    "term_words",
]

_CODED = {
    "SAS": "treatment contrasts against its last level",
    "sum": "sum contrasts, each level against the mean of all levels",
    "helmert": "Helmert contrasts, each level against the mean of those before it",
    "poly": "orthogonal polynomial contrasts",
    "diff": "contrasts of successive levels",
    "custom": "contrasts given as a matrix",
}


def response_words(model: FittedModel, words: Words) -> str:
    """What readers call the response; of counts in two columns that of the successes."""
    response, _ = parse_sides(model.formula)
    if isinstance(response, Call) and response.function == "cbind":
        return words.variable(to_text(response.args[0]))
    return words.variable(response_of(model.formula))


def opening(model: FittedModel, words: Words) -> str:
    """The kind of model, its response, and the rows and groups."""
    kind = model._kind[0].lower() + model._kind[1:]
    of = model._distribution
    family = f" ({of.words})" if of is not None else ""
    what = f"We fitted a {kind}{family} for {response_words(model, words)}"
    if of is not None and of.success:
        what += f", with {of.success} as the success,"
    return f"{what} to {model.nobs:,} rows{grouping(model, words)}."


def grouping(model: FittedModel, words: Words) -> str:
    """The grouping factors and how many levels they have, as the end of a clause.

    Inner factors come first. One that is made of an outer one and another column is nested in it.
    """
    if not model.ngroups:
        return ""
    said = [
        f"{group_words(label, model, words)} ({count:,} levels)"
        for label, count in model.ngroups.items()
    ]
    return f", grouped by {listed(said)}"


def group_words(label: str, model: FittedModel, words: Words) -> str:
    """A grouping factor: ``"class within school"`` if it is made of another one and a column."""
    own = columns_of(label)
    outer = [g for g in model.ngroups if set(columns_of(g)) < set(own)]
    if not outer:
        return words.group(label)
    widest = max(outer, key=lambda g: len(columns_of(g)))
    inner = [column for column in own if column not in columns_of(widest)]
    return f"{' × '.join(map(words.group, inner))} within {words.group(widest)}"


def term_words(term: Term | str, words: Words) -> str:
    """A term: ``"ses"``, ``"ses × sector"``."""
    name = term if isinstance(term, str) else term.name
    return TIMES.join(words.variable(_bare(part)) for part in factors(name))


def _bare(part: str) -> str:
    own = columns_of(part)
    return own[0] if len(own) == 1 else part


def fixed_part(formula: Formula, words: Words) -> str:
    """The fixed effects."""
    items = ["an intercept"] if formula.intercept else []
    items += [term_words(term, words) for term in formula.fixed if term.degree == 1]
    products = [term_words(term, words) for term in formula.fixed if term.degree > 1]
    if products:
        items.append(f"the interaction{'s' if len(products) > 1 else ''} {products[0]}")
        items += products[1:]
    if not items:
        return "There were no fixed effects."
    if items == ["an intercept"]:
        return "The only fixed effect was an intercept."
    without = "" if formula.intercept else ", without an intercept"
    one = len(items) == 1
    return (
        f"The fixed effect{'' if one else 's'} {'was' if one else 'were'} {listed(items)}{without}."
    )


def categories(request: Request, words: Words, names: Iterable[str]) -> str:
    """How the categories of the fixed part are coded; `names` are its coefficients."""
    state = request.states[0]
    used = {without_level(part) for name in names for part in factors(name)}
    coded = {key: own for key, own in state.categories.items() if key in used}
    references, others = [], []
    for key, own in coded.items():
        column = words.labels.get(key, words.variable(own.column))
        codes = {part[len(key) :] for name in names for part in factors(name)}
        if f"[{own.levels.names[0]}]" in codes:
            others.append(f"{column} had a coefficient for each level")
        elif own.contrast.kind == "treatment":
            references.append(f"{_base(own)} of {column}")
        else:
            others.append(f"{column} had {_CODED[own.contrast.kind]}")
    sentences = []
    if references:
        level = "level was" if len(references) == 1 else "levels were"
        sentences.append(
            f"Categories were coded by treatment contrasts; the reference {level} "
            f"{listed(references)}."
        )
    if others:
        sentences.append(f"The category {listed(others)}.")
    return " ".join(sentences)


def _base(own: Category) -> str:
    return own.contrast.base or own.levels.names[0]


def centring(request: Request, words: Words) -> tuple[str, tuple[str, ...]]:
    """How predictors that are numbers are centred, and what that cites."""
    state, formula = request.states[0], request.formula
    used = {to_text(factor): factor for term in formula.fixed for factor in term.factors}
    within: list[tuple[str, str]] = []
    between: list[tuple[str, str]] = []
    for text in used:
        pair = centring_of(text)
        if pair is not None:
            (within if text.startswith("within") else between).append(pair)
    sentences = []
    if within:
        each = listed([f"{words.variable(x)} (within {words.group(g)})" for x, g in within])
        sentences.append(
            f"The {_predictors(within)} {each} {_were(within)} centred at the means of the groups "
            f"{cited('centring')}."
        )
    if between:
        each = listed([f"{words.variable(x)} (in {words.group(g)})" for x, g in between])
        sentences.append(f"The group means of {each} were predictors too.")
    sentences += _changed(used, words)
    plain = [words.variable(name) for name in _plain(used, state)]
    if plain:
        sentences.append(
            f"The {_predictors(plain)} {listed(plain)} {_were(plain)} neither centred nor scaled "
            "by the fit."
        )
    return " ".join(sentences), ("centring",) if within else ()


def _changed(used: dict[str, Expr], words: Words) -> list[str]:
    out = []
    for functions, what in (
        (("center",), "centred at the mean of the rows"),
        (("scale", "standardize"), "standardised (mean 0, standard deviation 1 over the rows)"),
    ):
        found = [
            words.variable(to_text(factor.args[0]))
            for factor in used.values()
            if isinstance(factor, Call)
            and factor.function in functions
            and not factor.keywords
            and len(factor.args) == 1
        ]
        if found:
            out.append(f"The {_predictors(found)} {listed(found)} {_were(found)} {what}.")
    return out


def _plain(used: dict[str, Expr], state: State) -> list[str]:
    """Numbers that stand in the formula by themselves."""
    return [
        factor.name
        for factor in used.values()
        if isinstance(factor, Name) and state.kinds.get(factor.name) == "number"
    ]


def other_parts(model: FittedModel, words: Words) -> list[str]:
    """The family's other predictors, if they depend on anything."""
    distribution = model._distribution
    out = []
    for part in () if distribution is None else distribution.parts:
        if part.part == "thresholds":
            out.append(f"It had {len(part.frame)} thresholds between the ordered answers.")
            continue
        names = [words.coefficient(str(name)) for name in part.frame.index]
        shown = ["an intercept" if name == "(Intercept)" else name for name in names]
        out.append(f"The {part.scale} had {_effects(shown)}.")
    return out


def _effects(shown: Sequence[str]) -> str:
    return f"its own fixed effect{'s' if len(shown) > 1 else ''}: {listed(shown)}"


def _predictors(names: Sequence[object]) -> str:
    return "predictor" if len(names) == 1 else "predictors"


def _were(names: Sequence[object]) -> str:
    return "was" if len(names) == 1 else "were"
