"""The bundled data are complete, described, and the same in every library."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ranef import datasets
from ranef.errors import OptionError
from ranef.frame import read_table

ROWS = {
    "hsb": 7185,
    "sleepstudy": 180,
    "dyestuff": 30,
    "dyestuff2": 30,
    "penicillin": 144,
    "pastes": 60,
    "insteval": 73421,
    "cake": 270,
    "cbpp": 56,
    "machines": 54,
    "orthodont": 108,
    "oxide": 72,
    "scotssec": 3435,
    "egsingle": 7230,
    "contraception": 1934,
    "grouseticks": 403,
    "mmmec": 354,
    "verbagg": 7584,
}


def test_names() -> None:
    assert datasets.names() == tuple(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_description_matches_the_data(name: str) -> None:
    frame = datasets.load(name)
    page = datasets.describe(name)
    assert len(frame) == page.rows == ROWS[name]
    assert list(frame.columns) == [column.name for column in page.columns]
    for column in page.columns:
        dtype = frame[column.name].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            order = "ordered factor" if dtype.ordered else "factor"
            assert column.type == f"{order}, {len(dtype.categories)} levels"
        else:
            assert column.type == {"i": "integer", "f": "number"}[dtype.kind]
            assert dtype.itemsize == 8, "narrow integers overflow in the user's arithmetic"
        assert column.meaning
    assert all((page.title, page.source, page.citation, page.licence, page.changes))
    text = str(page)
    assert max(map(len, text.splitlines())) <= 100
    assert page.citation.split()[0] in text


@pytest.mark.parametrize("name", [name for name in ROWS if name != "insteval"])
def test_libraries_agree(name: str) -> None:
    pandas, polars, arrow = (datasets.load(name, kind) for kind in ("pandas", "polars", "pyarrow"))
    assert isinstance(pandas, pd.DataFrame)
    assert isinstance(polars, pl.DataFrame)
    assert isinstance(arrow, pa.Table)
    tables = [read_table(frame) for frame in (pandas, polars, arrow)]
    for column in tables[0].columns.values():
        for other in tables[1:]:
            assert other[column.name].levels == column.levels
            assert other[column.name].values.tolist() == column.values.tolist()
        assert tables[2][column.name].ordered == column.ordered


def test_insteval() -> None:
    """The largest set, whose levels are numbers in numeric order."""
    frame = datasets.load("InstEval")
    assert frame["s"].cat.categories.tolist() == sorted(frame["s"].cat.categories, key=int)
    assert frame["s"].nunique() == 2972
    assert frame["d"].nunique() == 1128
    assert frame["studage"].cat.ordered
    assert frame["y"].mean() == pytest.approx(3.20574495716757)


@pytest.mark.parametrize(
    ("name", "column", "levels", "ordered"),
    [
        ("machines", "Worker", ["6", "2", "4", "1", "3", "5"], False),
        ("cake", "temperature", ["175", "185", "195", "205", "215", "225"], True),
        ("orthodont", "Sex", ["Male", "Female"], False),
        ("verbagg", "resp", ["no", "perhaps", "yes"], True),
        ("verbagg", "mode", ["want", "do"], False),
        ("scotssec", "sex", ["M", "F"], False),
        ("contraception", "livch", ["0", "1", "2", "3+"], False),
    ],
)
def test_levels_keep_their_order(name: str, column: str, levels: list[str], ordered: bool) -> None:
    values = datasets.load(name)[column]
    assert values.cat.categories.tolist() == levels
    assert values.cat.ordered is ordered
    assert datasets.load(name, as_="polars")[column].dtype == pl.Enum(levels)


def test_known_values() -> None:
    hsb = datasets.load("hsb")
    assert hsb["sch.id"].dtype.kind == "i"
    assert hsb["sch.id"].nunique() == 160
    assert hsb["math"].iloc[1] == 19.708
    assert datasets.load("sleepstudy")["Reaction"].iloc[1] == 258.7047
    assert datasets.load("dyestuff").groupby("Batch", observed=True)["Yield"].mean().tolist() == [
        1505,
        1528,
        1564,
        1498,
        1600,
        1470,
    ]


def test_each_load_is_a_new_frame() -> None:
    first = datasets.load("dyestuff")
    first.loc[0, "Yield"] = 0
    assert datasets.load("dyestuff")["Yield"].iloc[0] == 1545


@pytest.mark.parametrize("name", ["Dyestuff", "DYESTUFF", "dyestuff"])
def test_case_does_not_matter(name: str) -> None:
    assert len(datasets.load(name)) == 30
    assert datasets.describe(name).name == "dyestuff"


def test_unknown_names() -> None:
    with pytest.raises(OptionError, match="unknown data set 'slepstudy'") as caught:
        datasets.load("slepstudy")
    assert caught.value.fix == "did you mean 'sleepstudy'?"
    with pytest.raises(OptionError, match="unknown kind of frame"):
        datasets.load("hsb", as_="dask")  # type: ignore[call-overload]


def test_the_bundle_is_small() -> None:
    from importlib.resources import files

    folder = files("ranef.datasets").joinpath("data")
    assert sum(len(path.read_bytes()) for path in folder.iterdir()) < 500_000
