"""``python -m studies NAME [--n N] [--seed S] [--write]``: run a study and print its table."""

from __future__ import annotations

import argparse
from importlib import import_module

NAMES = ("certificates", "planted")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--n", type=int, help="data sets, or data sets for each cause")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table into its docs page")
    arguments = parser.parse_args()
    module = import_module(f"studies.{arguments.name}")
    module.run(n=arguments.n, seed=arguments.seed, write=arguments.write)


if __name__ == "__main__":
    main()
