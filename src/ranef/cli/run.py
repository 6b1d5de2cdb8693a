"""From arguments to an exit status, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ranef.cli.status import DEFECT, OK, WRONG_USE
from ranef.errors import DataError, OptionError, RanefError, TooLargeError
from ranef.page import padded, paragraph

__all__ = ["run"]

_INTERRUPTED = 130
_CLOSED_PIPE = 141
_TRACEBACK = "--traceback"
_OF_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
_LONGEST = 80  # characters of a path that is shown


def run(arguments: Sequence[str]) -> int:
    """Run one command; errors go to standard error in words, never as a traceback unasked."""
    from typer import Abort

    from ranef.cli.app import command

    rest = [argument for argument in arguments if argument != _TRACEBACK]
    wants_traceback = len(rest) < len(arguments) or os.environ.get("RANEF_TRACEBACK", "0") != "0"
    try:
        with _warnings_in_words():
            status = command().main(
                args=rest or ["--help"], prog_name="ranef", standalone_mode=False
            )
        if sys.stdout is not None:  # None where the shell closed it: then nobody reads
            sys.stdout.flush()
        return int(status or OK)
    except (BrokenPipeError, SystemExit):
        # The reader, a pager or head, has seen enough (typer turns that into SystemExit).
        _discard_output()
        return _CLOSED_PIPE
    except RanefError as error:
        return _say(_page(error), WRONG_USE)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        if hasattr(error, "format_message"):
            return _say(_page(_wrong_use(error, rest)), WRONG_USE)
        if isinstance(error, Abort):
            return _INTERRUPTED
        if wants_traceback:
            import traceback

            traceback.print_exc()
        if isinstance(error, OSError):
            return _say(_page(_refused_by_system(error)), WRONG_USE)
        if isinstance(error, MemoryError):
            return _say(_page(_no_memory()), WRONG_USE)
        return DEFECT if wants_traceback else _say(_defect(error), DEFECT)


def _say(text: str, status: int) -> int:
    if sys.stderr is not None:
        print(text, file=sys.stderr)
    return status


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    """Print warnings of an answer in the form of errors, without a line of Python's."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, UserWarning):
                _say(f"warning: {message}", OK)
            else:
                usual(message, category, *place, **more)

        warnings.showwarning = show
        yield


def _page(error: RanefError) -> str:
    """The error as text, as wide as the page; its first line, and a place, stay as they are."""
    lines = [error.what]
    for label, text in (("where", error.where), ("found", error.found), ("fix", error.fix)):
        margin = " " * 9
        for i, line in enumerate(text.splitlines()):
            head = f"  {padded(label, 5)}  " if i == 0 else margin
            own = line if label == "where" else _as_options(line)
            lines += [head + own] if label == "where" else paragraph(own, head, margin)
    return "\n".join(line.rstrip() for line in lines)


def _as_options(text: str) -> str:
    """Advice for Python as the options of the command: ``--family binomial``, ``--agq 9``."""
    text = re.sub(r'rn\.glmm\(formula, data, family="(\w+)"\)', r"--family \1", text)
    return re.sub(r"\bn_agq(=(?=\d))?", lambda found: "--agq " if found[1] else "--agq", text)


def _discard_output() -> None:
    """Let what is still to be written vanish, so that nothing complains when Python ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused_by_system(error: OSError) -> RanefError:
    """What the operating system refused: a full disk, a path too long, no permission."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in _OF_OUTPUT:
        _discard_output()
        return OptionError(
            "the output cannot be written",
            found=reason,
            fix="make room, or write it to another place",
        )
    name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
    return DataError(
        "the operating system refuses " + ("to open a file" if name else "what was asked"),
        where=name if len(name) <= _LONGEST else name[: _LONGEST - 3] + "...",
        found=reason,
        fix="check the path and its permissions",
    )


def _no_memory() -> RanefError:
    return TooLargeError(
        "there is not enough memory",
        found="an allocation that the system refused",
        fix="use fewer rows or columns, crossed factors with fewer levels, or a machine with more "
        "memory; look for a limit of the process (ulimit -v)",
    )


def _wrong_use(error: Exception, arguments: Sequence[str]) -> RanefError:
    """A usage error of the command-line library in the form of all other errors."""
    from ranef.cli.data import names_data, several_files

    message = " ".join(error.format_message().split())  # type: ignore[attr-defined]
    message, _, hint = message.replace("Value error, ", "").partition(" Did you mean ")
    files = [argument for argument in arguments if names_data(argument)]
    if "unexpected extra argument" in message and len(files) > 1:
        return several_files(files)
    context = getattr(error, "ctx", None)
    place = context.command_path if context is not None else "ranef"
    return OptionError(
        message[:1].lower() + message[1:].rstrip("."),
        fix=f"did you mean {hint}" if hint else f"{place} --help shows the use",
    )


def _defect(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    cause = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return f"a bug in ranef, not of your data ({cause}); {_TRACEBACK} shows where it happened"
