"""The commands, each of one file, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ranef.cli.anova import anova
from ranef.cli.compare import compare
from ranef.cli.demo import demo
from ranef.cli.diagnose import diagnose
from ranef.cli.fit import fit
from ranef.cli.moments import merge, moments
from ranef.cli.option_groups import with_options
from ranef.cli.report import report
from ranef.cli.structure import structure

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["command"]

_COMMANDS: tuple[Callable[..., int], ...] = (
    demo,
    fit,
    diagnose,
    compare,
    report,
    anova,
    structure,
    moments,
    merge,
)
_EPILOG = (
    "Exit status: 0 fitted and certified, 3 fitted but not certified, "
    "2 wrong usage or unusable data, 1 a bug in ranef."
)


def command() -> Any:
    """The command tree, ready to be run."""
    app = typer.Typer(
        name="ranef",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        epilog=_EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_ranef)
    for function in _COMMANDS:
        app.command()(with_options(function))
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        from ranef import __version__

        typer.echo(f"ranef {__version__}")
        raise typer.Exit


def _ranef(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option(
            "--traceback",
            help="Show where in ranef an unexpected error happened; also RANEF_TRACEBACK=1.",
        ),
    ] = False,
) -> None:
    """Multilevel (mixed-effects) models: fast, exact, certified, explained, published."""
