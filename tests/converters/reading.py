"""Reading a log through the format's reader, as the conversion does."""

from __future__ import annotations

from pathlib import Path

from ConfigSpace import ConfigurationSpace

from encave.converters import registry, survey
from encave.converters.reader import Options, ReadResult

LOGS = Path(__file__).resolve().parent.parent / "logs"


def read_all(source: Path, format_name: str, space: ConfigurationSpace | None = None) -> list[ReadResult]:
    """Every run at or below `source`, found among all formats; all must be of the one named."""
    candidates = survey.find(source, list(registry.formats().values()))
    assert {candidate.reader.name for candidate in candidates} == {format_name}
    results = [candidate.reader.read(candidate.found, Options(space)) for candidate in candidates]
    for result in results:
        assert result.read == len(result.run) + result.merged + result.dropped
    return results


def read_one(source: Path, format_name: str, space: ConfigurationSpace | None = None) -> ReadResult:
    """The only run at or below `source`."""
    (result,) = read_all(source, format_name, space)
    return result


def notes(result: ReadResult) -> str:
    """All notes of a run, one per line."""
    return "\n".join(f"{note.kind} {note.count}: {note.text}" for note in result.run.notes)
