"""The page on formats has a section for each, which says what names a run there and what cannot be known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from encave.converters.registry import BUILT_IN, formats

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
SAID = ("task", "optimizer", "seed", "evaluations", "feasibility")


@pytest.fixture(scope="module")
def sections() -> list[str]:
    read = PAGE.read_text(encoding="utf-8").split("\n## Formats in\n")[1].split("\n## ")[0]
    return read.split("\n### ")[1:]


def test_every_format_that_is_registered_has_its_section(sections: list[str]) -> None:
    told = [name for section in sections for name in re.findall(r"^- `--from ([\w-]+)`", section, re.MULTILINE)]
    assert len(sections) == len(BUILT_IN)
    assert sorted(told) == sorted(list(formats())[: len(BUILT_IN)])


def test_every_section_says_what_names_a_run_and_what_cannot_be_known(sections: list[str]) -> None:
    for section in sections:
        words = {word.lower() for word in re.findall(r"\*(\w+)\*", section)}
        assert words >= set(SAID), section
        assert "*Cannot be known*" in section, section
