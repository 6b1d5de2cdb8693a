"""Every kind of rung is registered, described, and has what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranef.diagnose.ladder import rungs
from ranef.diagnose.ladder.kind import Kind, nothing, unplanned, unsaid
from ranef.diagnose.ladder.rungs import KINDS

DOCS = Path(__file__).parents[2] / "docs" / "diagnose.md"


def test_every_file_is_registered_once() -> None:
    (folder,) = rungs.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__"}
    assert {kind.key.replace("-", "_") for kind in KINDS} == files
    assert len(KINDS) == len(files)


def test_the_registry_is_in_the_order_of_the_ladder() -> None:
    places = [kind.place for kind in KINDS]
    assert places == sorted(places)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_a_rung_is_fitted_or_read_off_and_speaks(kind: Kind) -> None:
    assert kind.plans is not unplanned or kind.read_off is not nothing or kind is KINDS[0]
    assert kind.say is not unsaid or kind.read_off is not nothing
    assert f"| `{kind.key}` |" in DOCS.read_text(encoding="utf-8")
    assert set(kind.replaces) <= {other.key for other in KINDS}
