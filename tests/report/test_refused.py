"""What a report refuses, and that nothing half-written is left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import ranef as rn
from ranef.errors import OptionError
from ranef.present.whole_file import write_whole

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def fit() -> Any:
    return rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))


@pytest.mark.parametrize(
    ("name", "found"), [("page.pdf", "'.pdf'"), ("page", "'page'"), ("page.HTML.gz", "'.gz'")]
)
def test_other_endings(fit: Any, tmp_path: Path, name: str, found: str) -> None:
    with pytest.raises(OptionError, match="page of HTML") as caught:
        fit.report(tmp_path / name)
    assert found in caught.value.found
    assert ".html" in caught.value.fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["page.html", "page.HTM", "two words \u5b66.html"])
def test_names_that_are_welcome(fit: Any, tmp_path: Path, name: str) -> None:
    path = fit.report(str(tmp_path / name))
    assert path == tmp_path / name
    assert path.read_bytes().startswith(b"<!doctype html>")


@pytest.mark.parametrize("path", [None, 3, "", "\0.html", ["page.html"]])
def test_what_is_no_name(fit: Any, path: object) -> None:
    with pytest.raises(OptionError, match="name of a file"):
        fit.report(path)


def test_a_place_that_cannot_be_written(fit: Any, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="cannot be written") as caught:
        fit.report(tmp_path / "nowhere" / "page.html")
    assert caught.value.found == "no such folder"
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(OptionError, match="cannot be written") as caught:
        fit.report(tmp_path / "folder.html")
    assert caught.value.found == "a folder of this name"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("title", 3, "title is a text"),
        ("labels", ["ses"], "labels are words by name"),
        ("labels", {"Yield": 3}, "is a text"),
        ("against", "another", "against takes fits"),
        ("against", [1], "against takes fits"),
        ("notes", 3, "notes are a text"),
        ("notes", [1], "notes"),
        ("complete", "yes", "complete is True or False"),
        ("titel", "x", "titel"),
    ],
)
def test_options(fit: Any, tmp_path: Path, option: str, value: object, said: str) -> None:
    with pytest.raises((OptionError, TypeError), match=said):
        fit.report(tmp_path / "page.html", **{option: value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError, RuntimeError])
def test_an_interruption_leaves_the_old_page(
    fit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")

    def stopped(*_: object) -> None:
        raise stop

    monkeypatch.setattr("ranef.fit.reporting.page", stopped)
    with pytest.raises(stop):
        fit.report(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "page.html"

    def half(file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, half)
    assert list(tmp_path.iterdir()) == []
    write_whole(path, lambda file: file.write(b"all"))
    assert path.read_bytes() == b"all"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_without_permission(fit: Any, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OptionError, match="cannot be written"):
            fit.report(tmp_path / "page.html")
    finally:
        tmp_path.chmod(0o700)
