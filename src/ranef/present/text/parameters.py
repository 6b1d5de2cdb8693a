"""Words for the parameters of a model, whose names are those of ``fit.profile().parameters``."""

from __future__ import annotations

from collections.abc import Iterable

from ranef.present.text.words import Words

__all__ = ["parameter_words"]

_ALONE = {"sigma": "Residual SD", "dispersion": "Dispersion"}
_KINDS = {"sd": "SD", "cor": "Correlation"}


def parameter_words(names: Iterable[str], words: Words) -> dict[str, str]:
    """Each name of a parameter in words.

    Parameters
    ----------
    names : iterable of str
        All of one model: coefficients, ``"sd__Days|Subject"``, ``"cor__Intercept.Days|Subject"``,
        ``"sigma"``. A correlation is taken apart with the names of the standard deviations.
    words : Words

    Examples
    --------
    >>> names = ["Days", "sd__Intercept|g", "sd__Days|g", "cor__Intercept.Days|g", "sigma"]
    >>> list(parameter_words(names, Words({"g": "Subject"}))[n] for n in names[1:3])
    ['SD of intercepts, Subject', 'SD of slopes of Days, Subject']
    >>> parameter_words(names, Words())["cor__Intercept.Days|g"]
    'Correlation of intercepts and slopes of Days, g'
    """
    given = list(names)
    split = {name: found for name in given if (found := _split(name)) is not None}
    labels = {label for _, _, label in split.values()}
    effects = {
        label: [text for kind, text, own in split.values() if kind == "sd" and own == label]
        for label in labels
    }
    out = {}
    for name in given:
        if name in words.labels:
            out[name] = words.labels[name]
        elif name in split:
            kind, text, label = split[name]
            both = _pair(text, effects[label]) if kind == "cor" else [text] if text else []
            out[name] = _spread(kind, text, both, _group(label, labels), words)
        else:
            out[name] = _ALONE.get(name) or words.coefficient(name)
    return out


def _split(name: str) -> tuple[str, str, str] | None:
    """Kind, effects and label of a variance parameter: ``sd__Days|Subject``, ``cor|Subject``."""
    for kind in _KINDS:
        body, bar, label = name.removeprefix(kind).rpartition("|")
        if name.startswith((f"{kind}__", f"{kind}|")) and bar:
            return kind, body.removeprefix("__"), label
    return None


def _pair(text: str, effects: list[str]) -> list[str]:
    """The two effects that a correlation is of; none if the text does not name them."""
    for one in effects:
        for other in effects:
            spellings = {f"{one}.{other}", f"`{one}`.`{other}`", f"`{one}`.{other}"}
            if text in {*spellings, f"{one}.`{other}`"}:
                return [one, other]
    return []


def _group(label: str, labels: set[str]) -> str:
    """The factor of a term: a second term on ``g`` has the label ``g.1``."""
    base, dot, count = label.rpartition(".")
    return base if dot and count.isdecimal() and base in labels else label


def _spread(kind: str, text: str, effects: list[str], group: str, words: Words) -> str:
    if effects:
        return words.spread(_KINDS[kind], group, effects)
    inside = f" ({text})" if text else ""
    return f"{_KINDS[kind]} of effects{inside}, {words.group(group)}"
