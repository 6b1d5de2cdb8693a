"""What a user reads who writes a name that ranef does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NoReturn, TypeVar

from ranef.errors import UnknownNameError, UsageError, suggestion
from ranef.page.phrases import one_of_them

__all__ = ["refuse_unknown_options", "unknown_in_fit", "unknown_in_ranef", "unknown_plot"]

T = TypeVar("T")


def unknown_in_ranef(name: str, known: Iterable[str]) -> NoReturn:
    """Refuse ``rn.<name>``, with the word to use if it is known.

    Raises
    ------
    UnknownNameError
        An AttributeError, so that ``hasattr`` and ``getattr`` with a default work.
    """
    from ranef.words import MODULE

    _unknown("module 'ranef'", "rn.", name, known, MODULE, "dir(rn) lists the names")


def unknown_in_fit(name: str, known: Iterable[str], kind: str = "Fit") -> NoReturn:
    """Refuse ``fit.<name>``, with the word to use if it is known.

    Raises
    ------
    UnknownNameError
        An AttributeError, so that ``hasattr`` and ``getattr`` with a default work.
    """
    from ranef.words import FIT

    _unknown(f"'{kind}' object", "fit.", name, known, FIT, "dir(fit) lists the names")


def unknown_plot(name: str, known: Iterable[str]) -> NoReturn:
    """Refuse ``fit.plot.<name>``, with the plots that there are.

    Raises
    ------
    UnknownNameError
        An AttributeError, so that ``hasattr`` and ``getattr`` with a default work.
    """
    plots = sorted(known)
    calls = ", ".join(f"fit.plot.{plot}()" for plot in plots)
    _unknown("fit.plot", "fit.plot.", name, plots, {}, f"the plots are {calls}")


def _unknown(
    owner: str, prefix: str, name: str, known: Iterable[str], table: Mapping[str, str], else_: str
) -> NoReturn:
    # Python and notebooks ask for such names all the time, and look at no message.
    if name.startswith("_"):
        raise AttributeError(f"{owner} has no attribute '{name}'")
    public = [word for word in known if not word.startswith("_")]
    answer = _entry(name, table)
    near = "" if answer else suggestion(name, public)
    raise UnknownNameError(
        f"{owner} has no attribute '{name}'",
        found=prefix + name,
        fix=_advice(answer) or near or else_,
    )


def _entry(name: str, table: Mapping[str, str]) -> str:
    """The entry of a name, whether its case and dots are the table's or not."""
    folded = {_folded(word): answer for word, answer in table.items()}
    return table.get(name) or folded.get(_folded(name), "")


def _advice(answer: str) -> str:
    """An entry as advice: code gets a verb, a sentence has its own."""
    head = answer.partition(" ")[0]
    return f"use {answer}" if head.startswith(("fit.", "rn.")) or "=" in head else answer


def _folded(word: str) -> str:
    return word.replace("_", "").replace(".", "").lower()


def refuse_unknown_options(called: str) -> Callable[[T], T]:
    """Make a function, or every public method of a class, answer options that it does not have.

    Methods that the class inherits are among them; its bases stay as they are.

    Called with an option of another name, with too many values without a name, or without a value
    that it needs, it raises :class:`~ranef.errors.UsageError`, which is a TypeError as well.

    Parameters
    ----------
    called : str
        What a user writes: ``"rn.lmm"``, or for the methods of a class ``"fit"``.
    """

    def decorate(what: T) -> T:
        if not isinstance(what, type):
            return _answering(what, called)  # type: ignore[arg-type, return-value]
        members: dict[str, Any] = {}
        for base in what.__mro__[::-1]:
            members |= vars(base)
        for name, member in members.items():
            if not name.startswith("_") and hasattr(member, "__code__"):
                setattr(what, name, _answering(member, f"{called}.{name}"))
        return what

    return decorate


_VARIADIC, _ANY_OPTION = 0x04, 0x08  # flags of a code object: *values, **options


def _answering(function: Callable[..., Any], called: str) -> Callable[..., Any]:
    inner: Any = function
    while hasattr(inner, "__wrapped__"):  # within another decorator
        inner = inner.__wrapped__
    code = inner.__code__
    if code.co_flags & _ANY_OPTION:
        return function
    by_place = code.co_varnames[: code.co_argcount]
    names = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    most = None if code.co_flags & _VARIADIC else len(by_place)
    needed = by_place[: len(by_place) - len(inner.__defaults__ or ())]

    @wraps(function)
    def answering(*values: Any, **options: Any) -> Any:
        if not options.keys() <= names:
            _refuse_options(called, options, names)
        if most is not None and len(values) > most:
            _refuse_values(called, by_place, names, len(values))
        if len(values) < len(needed):
            lacking = [name for name in needed[len(values) :] if name not in options]
            if lacking and lacking[0] != "self":
                _refuse_missing(called, lacking)
        return function(*values, **options)

    return answering


def _refuse_options(called: str, options: Mapping[str, Any], names: frozenset[str]) -> NoReturn:
    from ranef.options import shown
    from ranef.words import OPTIONS

    name = next(option for option in options if option not in names)
    public = sorted(names - {"self"})
    words = OPTIONS.get(called) or OPTIONS.get(called.rpartition(".")[2], {})
    table = {**OPTIONS[""], **words}
    same = [known for known in public if _folded(known) == _folded(name)]
    answer = "" if same else _entry(name, table)
    # A word that holds for every function helps only those that have such an option.
    option = answer.partition("=")[0]
    if option.isidentifier() and "=" in answer and option not in names:
        answer = ""
    if same:
        fix = f"write {same[0]}={shown(options[name])}"
    elif answer:
        fix = _advice(answer)
    else:
        fix = suggestion(name, public) or f"help({called}) describes the options"
    raise UsageError(
        f"{called} has no option '{name}'",
        where=f"{name}={shown(options[name])}",
        found=f"options {', '.join(public)}" if public else "it takes no options",
        fix=fix,
    )


def _refuse_missing(called: str, lacking: list[str]) -> NoReturn:
    from ranef.page.phrases import listed

    raise UsageError(
        f"{called} needs {listed(lacking)}",
        found=f"{called}() without {'it' if len(lacking) == 1 else 'them'}",
        fix=f"help({called}) describes {'it' if len(lacking) == 1 else 'them'}, with an example",
    )


def _refuse_values(
    called: str, by_place: tuple[str, ...], names: frozenset[str], given: int
) -> NoReturn:
    extra = int(by_place[:1] == ("self",))
    most = len(by_place) - extra
    named = sorted(names - set(by_place))
    raise UsageError(
        f"{called} takes {f'at most {most}' if most else 'no'} "
        f"{one_of_them(most, 'value', 'values')} without a name",
        found=f"{given - extra} of them",
        fix=f"give options by name: {', '.join(f'{n}=' for n in named)}"
        if named
        else f"help({called}) describes the options",
    )
