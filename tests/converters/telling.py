"""What a log is read as, in lines for people, and how that differs from how another is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from encave.converters import one_log, registry, survey
from encave.converters.reader import Log, Options
from encave.errors import EncaveError
from encave.run import Run

_Facts = dict[str, str]
_LIBRARIES = re.compile(
    r"(?<=bytes: )Parquet .*?(?=\))|(?<=bytes\): )(?!.*encave).*|(?<=: )[^:]*(?= \(wanted \w+\))|In CSV column .*?'\w*'"
    r"|Field \".*?\" .*? schema|No type alias for \w+|(?<=YAML: ).*|no such column: .*"
    r"|Illegal default value .*|Hyperparameter '\w+' already exists.*|Choices for categorical hyperparameters .*"
)
"""Words of libraries, which change with their releases."""
_UNTOLD = ("encave_run", "notes", "space", "trials", "configurations_without_trials")


class Told:
    """One run, or why there is none."""

    def __init__(self, format_name: str, answer: Run | str, short: Callable[[str], str]) -> None:
        self.format = format_name
        self.refused = answer if isinstance(answer, str) else None
        self.facts: _Facts = {}
        self.trials: list[_Facts] = []
        if isinstance(answer, Run):
            self.facts, self.trials = {short(name): value for name, value in _facts(answer).items()}, _trials(answer)

    def lines(self) -> list[str]:
        """All that is known of it."""
        if self.refused is not None:
            return [f"{self.format}, refused: {self.refused}"]
        trials = [f"trial {n}: {_joined(trial.items())}" for n, trial in enumerate(self.trials)]
        return [f"format: {self.format}", *(f"{name}: {value}" for name, value in self.facts.items()), *trials]

    def against(self, other: Told) -> list[str]:
        """What is different from another one."""
        if self.refused is not None:
            return self.lines() if other.refused != self.refused else ["the same"]
        lines = [] if self.format == other.format else [f"format: {other.format} → {self.format}"]
        lines += _different(other.facts, self.facts)
        lines += _different_trials(other.trials, self.trials)
        return lines or ["the same"]


def read(folder: Path, spoken_of: Path) -> dict[str, Told]:
    """The runs below a folder by the places of their logs; nothing where there are none.

    Args:
        folder: Where to look.
        spoken_of: What paths in messages are relative to.
    """

    def short(text: str) -> str:
        return _LIBRARIES.sub("…", text.replace(f"{spoken_of.resolve()}/", "").replace(f"{spoken_of}/", ""))

    try:
        candidates = survey.find(folder, list(registry.formats().values()))
    except EncaveError as error:
        return {"": Told("search", short(str(error)), short)}
    told: dict[str, Told] = {}
    for candidate in candidates:
        log = Log(candidate.reader.name, candidate.found)
        try:
            answer: Run | str = one_log.described(one_log.read(candidate, Options()), candidate.found)
        except Exception as error:  # noqa: BLE001 - as the conversion does it
            answer = short(one_log.describe_error(log, error))
        told[short(f"{folder}/{candidate.found.source.relative_to(folder.absolute())}")] = Told(
            log.format, answer, short
        )
    return told


def differences(before: Mapping[str, Told], now: Mapping[str, Told]) -> list[str]:
    """How runs are read otherwise than before, in lines."""
    if not now:
        return ["no log"]
    if len(before) == len(now) == 1:
        [old], [new] = before.values(), now.values()
        return new.against(old)
    lines = [f"{name}: no log" for name in before if name not in now]
    for name, told in now.items():
        different = told.against(before[name]) if name in before else told.lines()
        lines += [f"{name}: {line}" for line in different if line != "the same"]
    return lines or ["the same"]


def _facts(run: Run) -> _Facts:
    header = run.header()
    facts: _Facts = {}
    for name in header:
        if name not in _UNTOLD:
            _flatten(name, header[name], facts)
    facts.pop("metadata.encave")
    for one in run.space_json["hyperparameters"]:
        facts[f"space: {one['name']}"] = _joined((key, _value(one[key])) for key in one if key not in ("name", "meta"))
    for kind in ("conditions", "forbiddens"):
        if run.space_json[kind]:
            facts[f"space: {kind}"] = _value(run.space_json[kind])
    if header["configurations_without_trials"]:
        facts["configurations without trials"] = _value(header["configurations_without_trials"])
    for note in run.notes:
        facts[f"{note.kind}: {note.text}"] = str(note.count) if note.count else "of the run"
    return facts


def _flatten(name: str, value: Any, facts: _Facts) -> None:
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            _flatten(f"{name}.{key}", part, facts)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for place, part in enumerate(value):
            _flatten(f"{name}[{place}]", part, facts)
    else:
        facts[name] = _value(value)


def _trials(run: Run) -> list[_Facts]:
    rows = run.trials.to_pylist()
    return [
        {name: _value(value) for name, value in row.items() if value is not None}
        | {f"config:{name}": _value(value) for name, value in run.configuration(row["config_id"]).items()}
        for row in rows
    ]


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)


def _joined(items: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in items)


def _different(before: _Facts, now: _Facts) -> list[str]:
    lines = [f"- {name}: {value}" for name, value in before.items() if name not in now]
    for name, value in now.items():
        if name not in before:
            lines.append(f"+ {name}: {value}")
        elif value != before[name]:
            lines.append(f"{name}: {before[name]} → {value}")
    return lines


def _different_trials(before: Sequence[_Facts], now: Sequence[_Facts]) -> list[str]:
    pairs = _paired(before, now)
    lines = [f"trial {n} is gone" for n in range(len(before)) if n not in pairs]
    for old, new in sorted(pairs.items()):
        parts = [
            f"{name} {before[old].get(name, 'null')} → {now[new].get(name, 'null')}"
            for name in dict.fromkeys((*before[old], *now[new]))
            if before[old].get(name) != now[new].get(name)
        ]
        if parts:
            lines.append(f"trial {old}: {', '.join(parts)}")
    return lines + [f"another trial: {_joined(now[n].items())}" for n in range(len(now)) if n not in pairs.values()]


def _paired(before: Sequence[_Facts], now: Sequence[_Facts]) -> dict[int, int]:
    """Which trials are the same ones, by their places: those that differ least, of equals the first."""

    def distance(pair: tuple[int, int]) -> int:
        return len(before[pair[0]].items() ^ now[pair[1]].items())

    pairs: dict[int, int] = {}
    for old, new in sorted(product(range(len(before)), range(len(now))), key=distance):
        if old not in pairs and new not in pairs.values():
            pairs[old] = new
    return pairs
