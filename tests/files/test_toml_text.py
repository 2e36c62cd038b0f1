"""TOML with the lines of its keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from encave.errors import EncaveError
from encave.files.toml_text import read_toml

TEXT = """
title = "a [b] = c"
labels."SMAC 3" = "SMAC"   # dotted
figures = { legend = "inside" }

[colours]
"DEHB (ours)" = "#000000"
'x.y' = "#111111"

[[runs]]
match = "a"
[[ runs ]]
  match = "b"
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("title",), 2),
        (("labels", "SMAC 3"), 3),
        (("figures", "legend"), 4),
        (("colours",), 6),
        (("colours", "DEHB (ours)"), 7),
        (("colours", "x.y"), 8),
        (("runs", 0, "match"), 11),
        (("runs", 1), 12),
        (("runs", 1, "match"), 13),
        (("runs", 1, "missing"), 12),
    ],
)
def test_what_is_wrong_has_its_line(tmp_path: Path, key: tuple[str | int, ...], line: int) -> None:
    path = tmp_path / "a.toml"
    path.write_text(TEXT, encoding="utf-8")
    file = read_toml(path)
    assert str(file.wrong(key, "so it is")) == f"{path}, line {line}: so it is"
    assert file.content["colours"]["x.y"] == "#111111"


def test_a_key_whose_line_is_not_known_is_told_without(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("", encoding="utf-8")
    assert str(read_toml(tmp_path / "a.toml").wrong(("title",), "no")) == f"{tmp_path / 'a.toml'}: no"


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2", "[" * 5000])
def test_what_is_no_toml_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EncaveError, match=r"a\.toml is not TOML"):
        read_toml(tmp_path / "a.toml")
