"""``python -m studies NAME [--n N] [--seed S] [--only K] [--write]``: a study's table."""

from __future__ import annotations

import argparse
from importlib import import_module

NAMES = (
    *("attack", "certificates", "coverage", "fuzz", "generalised", "generalised-certificates"),
    *("generalised-coverage", "iterative", "planted", "planted-generalised", "structures", "zeros"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--n", type=int, help="problems, rounds, or data sets for each cause")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table into its docs page")
    parser.add_argument(
        "--only", type=int, help="of an attack or of fuzz, the number of one problem or round"
    )
    arguments = parser.parse_args()
    module = import_module(f"studies.{arguments.name.replace('-', '_')}")
    if arguments.only is None:
        module.run(n=arguments.n, seed=arguments.seed, write=arguments.write)
    elif arguments.name in ("attack", "fuzz", "structures"):
        module.replay(seed=arguments.seed, number=arguments.only)
    else:
        parser.error("--only is an option of attack, fuzz and structures")


if __name__ == "__main__":
    main()
