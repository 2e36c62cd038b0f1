"""YAML made to hurt is refused before its values are made; what people write is read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.files import yaml
from encave.files.yaml import read_mapping, read_value

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


def told(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(EncaveError) as error:
        read_value(path)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[1, 2, 3]", 4),
        ("{a: 1, b: 2}", 5),
        ("[&a x, *a, *a]", 4),
        ("[&a [1, 2], *a]", 7),
        ("[&a {x: 1}, *a, *a]", 10),
        ("&a x", 1),
        ("[&a [1, &b [2]], *a, *b]", 13 - 2),
    ],
)
def test_values_are_counted_with_their_aliases(
    tmp_path: Path, text: str, values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    monkeypatch.setattr(yaml, "_VALUES", values)
    read_value(path)
    monkeypatch.setattr(yaml, "_VALUES", values - 1)
    expected = f"{path} holds more than {values - 1:,} values, aliases counted in full; encave does not read it"
    assert told(path, text) == expected


def test_levels_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("[" * 100 + "]" * 100)
    read_value(path)
    assert told(path, "[" * 101 + "]" * 101) == f"{path} holds more than 100 levels; encave does not read it"


def test_numbers_of_many_digits_are_refused_and_texts_are_not(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"a: {'1' * 999}\nb: '{'1' * 1000}'\nc: {'1' * 1000}g\n")
    assert read_mapping(path) == {"a": int("1" * 999), "b": "1" * 1000, "c": "1" * 1000 + "g"}
    expected = f"{path} has a number of 1,000 characters; encave does not read it"
    assert told(path, f"a: {'1' * 1000}") == told(path, f"a: !!int '{'1' * 1000}'") == expected


def test_files_of_four_mib_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("#" * (4 << 20))
    assert read_value(path) is None
    assert told(path, "#" * ((4 << 20) + 1)).endswith("has 4194305 bytes; encave reads such files up to 4 MiB")


def test_sizes_and_kinds_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.yaml"
    monkeypatch.setattr(yaml, "LIMIT", 3 << 20)
    path.write_text("#" * (3 << 20))
    assert read_value(path) is None
    assert told(path, "#" * ((3 << 20) + 1)) == f"{path} has 3145729 bytes; encave reads such files up to 3 MiB"
    for text, expected in (("", f"{path} is empty (0 bytes)"), ("[1]", f"{path} holds no mapping")):
        path.write_text(text)
        with pytest.raises(EncaveError) as error:
            read_mapping(path)
        assert str(error.value) == expected
    assert told(path, "a: *b") == f"{path} has an alias *b to what is not there, or within itself"
    assert len(told(path, "a: !" + "x" * 900 + " 1")) == len(f"{path}, line 1: no readable YAML: ") + 300
    with pytest.raises(EncaveError, match=r"cannot read .*none\.yaml: No such file"):
        read_value(tmp_path / "none.yaml")
