"""Fixtures that several test modules share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real tables and logs beside the repository; the test is skipped where it is not."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared (the real NAS-Bench-201 table and real logs), which is not here")
    return folder


@pytest.fixture(scope="session")
def table_path(shared: Path) -> Path:
    """The real NAS-Bench-201 table as Parquet."""
    return shared / "data" / "nb201" / "nb201.parquet"
