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


def test_lines_of_keys_with_odd_names(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("""a.b . "c d" = 1
[ t . 'u v' ]
k = 2
k2 = "x = y"
[[r]]
[r.inner]
z = 1
[[r]]
[[r.more]]
w = 2
[[r.more]]
text = \'\'\'
a.b."c d" = 5
\'\'\'
[[r]]
[[r]]
""", encoding="utf-8")  # fmt: skip
    lines = read_toml(path).lines
    assert lines == {
        ("a", "b", "c d"): 1,
        ("t", "u v"): 2,
        ("t", "u v", "k"): 3,
        ("t", "u v", "k2"): 4,
        ("r", 0): 5,
        ("r", "inner"): 6,
        ("r", "inner", "z"): 7,
        ("r", 1): 8,
        ("r", "more", 0): 9,
        ("r", "more", 0, "w"): 10,
        ("r", "more", 1): 11,
        ("r", "more", 1, "text"): 12,
        ("r", "more", 1, "a", "b", "c d"): 13,  # within a text of several lines
        ("r", 2): 15,
        ("r", 3): 16,
    }


def test_the_nearest_key_that_is_known_gives_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("a = 1\n[t]\nb = 2\n", encoding="utf-8")
    file = read_toml(path)
    for key, where in ((("t", "b", 5, "c"), ", line 3"), (("t", "x"), ", line 2"), (("x",), ""), ((), "")):
        assert str(file.wrong(key, "no")) == f"{path}{where}: no"


def test_files_that_are_large_or_not_there_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("#" * (1 << 22))
    assert read_toml(path).content == {}
    path.write_text("#" * ((1 << 22) + 1))
    with pytest.raises(EncaveError, match=r"has 4,194,305 bytes; encave reads such files up to 4 MiB$"):
        read_toml(path)
    with pytest.raises(EncaveError, match=r"^cannot read .*none\.toml"):
        read_toml(tmp_path / "none.toml")
