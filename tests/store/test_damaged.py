"""Files that are damaged, of another format, or made to do harm: always an error of ranef."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from typing import Any

import numpy as np
import pytest

import ranef as rn
from ranef.store.registry import by_name


@pytest.fixture(scope="module", params=["linear", "generalised"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: Any) -> bytes:
    path = tmp_path_factory.mktemp("store") / "m.ranef"
    if request.param == "linear":
        data = rn.datasets.load("penicillin")
        rn.lmm("diameter ~ 1 + (1 | plate) + (1 | sample)", data).save(path)
    else:
        data = rn.datasets.load("cbpp").assign(pair=lambda d: d["herd"].astype(int) % 5)
        formula = "incidence ~ period + offset(log(size)) + (1 | herd) + (1 | pair)"
        rn.glmm(formula, data, family="nbinom2").save(path)
    return bytes(path.read_bytes())


def load(tmp_path: Any, data: bytes) -> Any:
    path = tmp_path / "damaged.ranef"
    path.write_bytes(data)
    return rn.load(path)


def parts(whole: bytes) -> tuple[dict[str, Any], bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return json.loads(archive.read("ranef.json")), archive.read("arrays.npy")


def packed(head: Any, arrays: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("ranef.json", json.dumps(head))
        archive.writestr("arrays.npy", arrays)
    return stream.getvalue()


def test_a_flipped_byte_is_an_error_or_changes_nothing(whole: bytes, tmp_path: Any) -> None:
    rng = np.random.default_rng(1)
    expected = repr(rn.load(_written(tmp_path, whole)).fixef)
    refused = 0
    for at in rng.integers(0, len(whole), 250).tolist():
        damaged = bytearray(whole)
        damaged[at] ^= int(rng.integers(1, 256))
        try:
            assert repr(load(tmp_path, bytes(damaged)).fixef) == expected
        except rn.DataError:
            refused += 1
    assert refused > 200


def _written(tmp_path: Any, data: bytes) -> Any:
    path = tmp_path / "whole.ranef"
    path.write_bytes(data)
    return path


def test_a_file_cut_short_is_an_error(whole: bytes, tmp_path: Any) -> None:
    for size in (0, 1, 4, 30, len(whole) // 2, len(whole) - 1):
        with pytest.raises(rn.DataError):
            load(tmp_path, whole[:size])


@pytest.mark.parametrize(
    "data",
    [b"a,b\n1,2\n", pickle.dumps({"a": 1}), b"\x93NUMPY\x01\x00", "ä".encode("utf-16")],
)
def test_foreign_files(data: bytes, tmp_path: Any) -> None:
    with pytest.raises(rn.DataError, match="not a fit that ranef has saved"):
        load(tmp_path, data)


def test_other_archives(whole: bytes, tmp_path: Any) -> None:
    stream = io.BytesIO()
    np.savez(stream, a=np.ones(3))
    with pytest.raises(rn.DataError, match="not a fit that ranef has saved"):
        load(tmp_path, stream.getvalue())
    head, arrays = parts(whole)
    for change in ({"format": "another"}, {"kind": "moments"}):
        with pytest.raises(rn.DataError, match="not a fit that ranef has saved"):
            load(tmp_path, packed(head | change, arrays))


def test_a_newer_format_says_what_to_do(whole: bytes, tmp_path: Any) -> None:
    head, arrays = parts(whole)
    with pytest.raises(rn.DataError, match="newer version of ranef") as caught:
        load(tmp_path, packed(head | {"version": 2}, arrays))
    assert "install a newer version" in caught.value.fix


@pytest.mark.parametrize(
    "content",
    [
        ["is", "os.system", ["tuple", "true"]],
        ["is", "Fit", ["dict"]],
        ["is", "builtins.eval", "1"],
        ["call", "print", 1],
        ["array", -1],
        ["array", 10_000],
        ["again", 0],
        ["is", "TermBlock", ["tuple", 1]],
        ["is", "Levels", ["tuple", 1, 2, 3]],
        ["is", "Term", ["dict", ["nothing", 1]]],
        ["is", "core Solved", ["tuple", 1]],
        ["is", "core CrossProducts", ["list"]],
        ["is", "Control", ["dict", ["max_evaluations", -3]]],
        [],
        {"a": 1},
        "text",
        None,
        ["dict", ["_problem", 3]],
        ["dict", ["nobody", 3]],
        ["dict", [["list"], 3]],
    ],
)
def test_contents_that_no_fit_has(whole: bytes, tmp_path: Any, content: Any) -> None:
    head, arrays = parts(whole)
    with pytest.raises(rn.DataError, match="damaged"):
        load(tmp_path, packed(head | {"content": content}, arrays))


def test_arrays_that_were_exchanged_are_noticed(whole: bytes, tmp_path: Any) -> None:
    """The archive is sound: only the sum in the text tells."""
    head, arrays = parts(whole)
    assert repr(load(tmp_path, packed(head, arrays)).fixef)
    at = arrays.rindex(b"'<f8'")  # the last array of numbers: a low bit of its last one
    end = arrays.find(b"\x93NUMPY", at) % (len(arrays) + 1)
    changed = arrays[: end - 8] + bytes([arrays[end - 8] ^ 1]) + arrays[end - 7 :]
    with pytest.raises(rn.DataError, match="damaged"):
        load(tmp_path, packed(head, changed))


def test_deep_nesting_is_an_error(whole: bytes, tmp_path: Any) -> None:
    head, arrays = parts(whole)
    content: Any = 1
    for _ in range(900):
        content = ["list", content]
    with pytest.raises(rn.DataError, match="damaged"):
        load(tmp_path, packed(head | {"content": content}, arrays))


def test_arrays_of_objects_are_not_read(whole: bytes, tmp_path: Any) -> None:
    """Their format is a pickle: reading it would run code."""
    import hashlib

    head, _ = parts(whole)
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    arrays = stream.getvalue()
    change = {"arrays": 1, "sha256": hashlib.sha256(arrays).hexdigest()}
    with pytest.raises(rn.DataError, match="damaged"):
        load(tmp_path, packed(head | change, arrays))


def test_sums_that_do_not_fit_together_do_not_reach_the_core() -> None:
    data = rn.datasets.load("penicillin")
    fit = rn.lmm("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
    kind = by_name()["core CrossProducts"]
    state = fit._problem.products.__getstate__()
    groups, pairs = state[4], state[5]
    first, second, starts, level, values = pairs[0]
    beyond = np.frombuffer(level, dtype=np.int32) + 1_000_000
    for wrong in (
        (*state[:4], [(10**6, *groups[0][1:]), groups[1]], pairs),
        (*state[:4], groups[:1], pairs),
        (*state[:5], [(first, second, starts, beyond.tobytes(), values)]),
        (*state[:5], [(first, second, starts[:-8], level, values)]),
        (*state[:5], [(first, second, starts, level, values[:-1])]),
    ):
        with pytest.raises(ValueError, match="do not fit together"):
            kind.make(wrong)
    assert kind.make(state).n == len(data)
