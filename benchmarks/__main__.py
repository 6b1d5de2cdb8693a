"""``python -m benchmarks``: measure, print, and with ``--write`` rewrite docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks import machine
from benchmarks.cases import ALL, Case, Session
from benchmarks.environment import ROOT
from benchmarks.peers import NAMES, Absent, Peer, find
from benchmarks.peers.registry import ranef
from benchmarks.report import render, replace_block
from benchmarks.statistics import Plan

PAGE = ROOT / "docs" / "benchmarks.md"
FULL = Plan()
QUICK = Plan(repeats=3, slow_repeats=0)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        metavar="CASE",
        choices=[case.name for case in ALL],
        help="run this case; may be repeated. Cases: " + ", ".join(case.name for case in ALL),
    )
    parser.add_argument("--quick", action="store_true", help="few runs: does it all work")
    parser.add_argument("--large", action="store_true", help="the cases of 10,000,000 rows too")
    parser.add_argument(
        "--peers",
        default=",".join(NAMES),
        metavar="NAMES",
        help="tools to compare with, by commas, or 'none'. Default: %(default)s",
    )
    parser.add_argument("--write", action="store_true", help=f"rewrite {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args(argv)
    arguments.peers = [] if arguments.peers == "none" else arguments.peers.split(",")
    unknown = set(arguments.peers) - set(NAMES)
    if unknown:
        parser.error(f"unknown peers {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return arguments


def _chosen(arguments: argparse.Namespace) -> list[Case]:
    if arguments.only:
        return [case for case in ALL if case.name in arguments.only]
    return [case for case in ALL if arguments.large or not case.large]


def _tools(names: Sequence[str]) -> dict[str, Peer]:
    tools = {"ranef": ranef()}
    for peer in find(names):
        if isinstance(peer, Absent):
            print(f"without {peer.name}: {peer.reason}")
        else:
            tools[peer.name] = peer
    return tools


def _setting(tools: dict[str, Peer]) -> str:
    versions = ", ".join(f"{peer.name} {peer.version}" for peer in tools.values())
    return f"{machine.describe()}. {versions}."


def _how(quick: bool, seconds: float) -> str:
    return (
        f"{date.today()}, {'quick' if quick else 'full'} run of {seconds:.0f} s, "
        f"load average {machine.load():.1f} at its end."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the cases and report them."""
    arguments = _arguments(argv)
    tools = _tools(arguments.peers)
    setting = _setting(tools)
    print(setting)
    if arguments.write and not arguments.only:  # a part of the cases takes a part of the tools
        _write("setting", setting)
    with tempfile.TemporaryDirectory(prefix="ranef-bench-") as folder:
        session = Session(
            tools,
            QUICK if arguments.quick else FULL,
            Path(folder),
            arguments.quick,
            log=lambda line: print(line, file=sys.stderr, flush=True),
        )
        for case in _chosen(arguments):
            session.log(case.name)
            start = time.perf_counter()
            result = case.measure(session)
            text = render(result, _how(arguments.quick, time.perf_counter() - start))
            print(f"\n{text}", flush=True)
            if arguments.write:
                _write(case.name, text)
    return 0


def _write(name: str, text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(replace_block(page, name, text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
