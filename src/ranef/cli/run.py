"""From arguments to an exit status, whatever happens on the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ranef.errors import OptionError, RanefError

__all__ = ["DEFECT", "NOT_CERTIFIED", "OK", "WRONG_USE", "run"]

OK, DEFECT, WRONG_USE, NOT_CERTIFIED = 0, 1, 2, 3
_INTERRUPTED = 130
_CLOSED_PIPE = 141
_TRACEBACK = "--traceback"


def run(arguments: Sequence[str]) -> int:
    """Run one command; errors go to standard error in words, never as a traceback unasked."""
    from typer import Abort

    from ranef.cli.app import command

    rest = [argument for argument in arguments if argument != _TRACEBACK]
    wants_traceback = len(rest) < len(arguments) or os.environ.get("RANEF_TRACEBACK", "0") != "0"
    try:
        status = command().main(args=rest or ["--help"], prog_name="ranef", standalone_mode=False)
        sys.stdout.flush()
        return int(status or OK)
    except (BrokenPipeError, SystemExit):
        # The reader, a pager or head, has seen enough (typer turns that into SystemExit).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    except RanefError as error:
        return _say(str(error), WRONG_USE)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        if hasattr(error, "format_message"):
            return _say(str(_wrong_use(error)), WRONG_USE)
        if isinstance(error, Abort):
            return _INTERRUPTED
        if wants_traceback:
            import traceback

            traceback.print_exc()
            return DEFECT
        return _say(_defect(error), DEFECT)


def _say(text: str, status: int) -> int:
    print(text, file=sys.stderr)
    return status


def _wrong_use(error: Exception) -> RanefError:
    """A usage error of the command-line library in the form of all other errors."""
    message = " ".join(error.format_message().split())  # type: ignore[attr-defined]
    message, _, hint = message.replace("Value error, ", "").partition(" Did you mean ")
    context = getattr(error, "ctx", None)
    place = context.command_path if context is not None else "ranef"
    return OptionError(
        message[:1].lower() + message[1:].rstrip("."),
        fix=f"did you mean {hint}" if hint else f"{place} --help shows the use",
    )


def _defect(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    cause = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return f"a defect of ranef, not of your data ({cause}); {_TRACEBACK} shows where it happened"
