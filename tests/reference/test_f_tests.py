"""Kenward-Roger, and F tests of terms, against pbkrtest and lmerTest."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CONTENT = gzip.decompress((Path(__file__).parent / "lmertest.json.gz").read_bytes())
MODELS: dict[str, dict[str, Any]] = json.loads(CONTENT)
WITH_KR = [name for name, answers in MODELS.items() if "kenward_roger" in answers]


@pytest.mark.parametrize("name", WITH_KR)
def test_kenward_roger(name: str, fitted_model: Callable[[str], Any]) -> None:
    """Both are smooth in theta, of which R's is good to 1e-7 or so."""
    table = fitted_model(name).tidy(ddf="kenward-roger")
    rows = MODELS[name]["kenward_roger"]
    np.testing.assert_allclose(table["std_error"], [row["se"] for row in rows], rtol=1e-6)
    np.testing.assert_allclose(table["df"], [row["df"] for row in rows], rtol=1e-6)
