"""YAML made to hurt is refused before its values are made; what people write is read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.files.yaml import read_mapping

LAUGHS = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED = "a: &a {x: 1, y: 2}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 9)}]}}\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "laughs": (LAUGHS, "200,000 values"),
    "merge keys": (MERGED, "200,000 values"),
    "again and again": ("a: &a [1, *a]\n", "within itself"),
    "dashes": ("- " * 2_000_000, "100 levels"),
    "brackets": ("[" * 2_000_000, "100 levels"),
    "braces": ("{a: " * 500_000, "100 levels"),
    "base 60": ("a: 1" + ":1" * 1_900_000, "number of 3,800,001 characters"),
    "base 60, said": ("a: !!int '1" + ":1" * 1_900_000 + "'", "number of 3,800,001 characters"),
    "base 60 with a point": ("a: 1" + ":1" * 900_000 + ".5", "number of 1,800,003 characters"),
    "float beyond floats": ("a: 1" + ":1" * 400 + ".5", "no readable YAML"),
    "hexadecimal": ("a: 0x" + "f" * 2_000_000, "number of 2,000,002 characters"),
    "a month 13": ("a: 2020-13-01", "month must be in"),
    "no time": ("a: !!timestamp x", "no readable YAML"),
    "no integer": ("a: !!int ''", "no readable YAML"),
    "no truth": ("a: !!bool x", "no readable YAML"),
    "object": ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
}


@pytest.mark.parametrize(("text", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    start = time.process_time()
    with pytest.raises(EncaveError, match=rf"x\.yaml.*{reason}"):
        read_mapping(tmp_path / "x.yaml")
    assert time.process_time() - start < 10


def test_an_alias_of_one_value_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: &rate 0.5\nb: *rate\n")
    assert read_mapping(tmp_path / "x.yaml") == {"a": 0.5, "b": 0.5}


def test_aliases_merge_keys_and_hashes_are_read(tmp_path: Path) -> None:
    digest = "1" * 2000
    (tmp_path / "x.yaml").write_text(f"a: &a {{x: 1, y: [2]}}\nb: {{<<: *a, y: 3}}\nc: *a\n1: 1:30\nhash: '{digest}'\n")
    a = {"x": 1, "y": [2]}
    assert read_mapping(tmp_path / "x.yaml") == {"a": a, "b": {"x": 1, "y": 3}, "c": a, "1": 90, "hash": digest}
