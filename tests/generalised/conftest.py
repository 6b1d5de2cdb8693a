"""What belongs to the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.generalised import fits


@pytest.fixture(scope="session", autouse=True)
def fits_are_let_go() -> Iterator[None]:
    """Fits hold objects of the core, which reports those that outlive the interpreter."""
    yield
    for kept in (fits.cbpp, fits.contraception, fits.broods, fits.of_groups, fits.answers):
        kept.cache_clear()
