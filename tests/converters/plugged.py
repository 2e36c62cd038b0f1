"""A package with a format of its own, installed where the processes that read find it."""

from __future__ import annotations

from pathlib import Path

import pytest

_sites: dict[tuple[str, str], Path] = {}
"""Folders of packages; that of one package stays the same, so that the processes that read it start once."""


def install(
    factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    value: str = "encave_plugged:READER",
) -> None:
    """Put a package whose module holds `source`, and whose entry point is `value`, on the path of this process."""
    if (source, value) not in _sites:
        site = _sites[source, value] = factory.mktemp("site")
        (told := site / "encave_plugged-1.dist-info").mkdir()
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: encave-plugged\nVersion: 1\n")
        (told / "entry_points.txt").write_text(f"[encave.converters]\nplugged = {value}\n")
        (site / "encave_plugged.py").write_text(source)
    monkeypatch.syspath_prepend(_sites[source, value])
