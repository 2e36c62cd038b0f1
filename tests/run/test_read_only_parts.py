"""The parts of a run, and what is known of files, are read-only."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from encave.converters.run_folders import Earlier
from encave.files.optional import Extra
from encave.files.toml_text import TomlFile
from encave.run.header import Optimizer
from encave.run.incumbents import Followed, Incumbent, IncumbentSteps
from encave.run.intensification import Evidence
from encave.run.notes import Note
from encave.run.provenance import BenchmarkFacts, Provenance, Reported, Told
from encave.run.sidecar import Sidecar
from encave.run.trials import Objective

PARTS = (
    *(Optimizer, Followed, Incumbent, IncumbentSteps, Evidence, Note, BenchmarkFacts, Provenance, Reported, Told),
    *(Sidecar, Objective, Extra, TomlFile, Earlier),
)


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_parts_are_read_only(kind: type) -> None:
    one = object.__new__(kind)
    with pytest.raises(FrozenInstanceError):
        one.name = "other"
    with pytest.raises(TypeError):
        kind(*range(40))


@pytest.mark.parametrize("kind", [BenchmarkFacts, Provenance, Reported, Told])
def test_what_is_told_is_given_by_name(kind: type) -> None:
    with pytest.raises(TypeError, match="positional"):
        kind({})
