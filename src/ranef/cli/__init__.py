"""The ``ranef`` command."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ``ranef`` command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands after ``ranef``; by default what the shell gave.

    Returns
    -------
    int
        The exit status: 0 fitted and certified, 3 fitted but not certified, 2 wrong usage or
        unusable data, 1 a bug in ranef.
    """
    import sys

    from ranef.cli.run import run

    return run(sys.argv[1:] if arguments is None else arguments)
