"""Optuna's journal storage (3.1 and later): a file with one operation per line, which is replayed here without Optuna.

An operation is `{"op_code": n, "worker_id": "…", …}`. Studies and trials have no ids in the file: they are numbered as
they come. What Optuna refuses in its replay is refused here: a second study of one name, changes of an ended trial.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....run import Note
from ...parts.json_lines import numbered_lines
from ...parts.numbers import real
from ...parts.words import listed
from ...reader import Found, Listing, Options, ReadResult
from .domains import Domain, parse
from .study import STATE_NAMES, OptunaStudy, OptunaTrial, by_parameter, seconds

_FIRST = re.compile(rb'\s*\{(?=[^\n]*"op_code"\s*:\s*\d)(?=[^\n]*"worker_id"\s*:)')
_OPERATION = re.compile(rb'"op_code"\s*:\s*(\d+)')
_STUDY = re.compile(rb'"study_id"\s*:\s*(\d{1,18})(?!\d)')
_TRIAL = re.compile(rb'"trial_id"\s*:\s*(\d{1,18})(?!\d)')
SUFFIXES = (".log", ".journal", ".jsonl", ".json", ".txt", ".db", ".storage", "")
_ENDED = frozenset({"COMPLETE", "PRUNED", "FAIL"})
_DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
_CREATE_STUDY, _DELETE_STUDY, _STUDY_USER, _STUDY_SYSTEM, _CREATE_TRIAL = range(5)
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


def detect(listing: Listing) -> Iterable[Found]:
    """One run per study of each file whose first line is an operation."""
    for name in listing.names:
        path = listing.folder / name
        if path.suffix not in SUFFIXES:
            continue
        head = listing.head(name, 65536)
        if _FIRST.match(head):
            studies = _studies(path)
            for study in studies or [None]:
                yield Found(path, (path,), "JSON lines with op_code and worker_id", key=study)
        elif not head and "optuna" in name.lower() and path.suffix in (".log", ".journal"):
            yield Found(path, (path,), "an empty file named after Optuna's journal")


def read(found: Found, options: Options) -> ReadResult:
    """Replay the operations of one study."""
    from .trials import to_result

    names = _studies(found.path)
    if found.key is None and len(names) != 1:
        told = f"has {len(names)} studies: {', '.join(map(repr, names))}" if names else "has no study"
        raise EncaveError(f"{found.path} {told}{'' if found.path.stat().st_size else ' (0 bytes)'}")
    replay = _Replay(names[0] if found.key is None else found.key)
    for number, line in numbered_lines(found.path):
        replay.apply(number, line)
    if replay.study is None:
        raise EncaveError(f"{found.path} has no study {found.key!r}")
    return to_result(replay.finished(found.path), found.path, options)


def _studies(path: Path) -> list[str]:
    """Names of the studies that were created and not deleted."""
    names: dict[int, str] = {}
    created = 0
    for _, line in numbered_lines(path):
        operation = _operation(line)
        if operation not in (_CREATE_STUDY, _DELETE_STUDY):
            continue
        try:
            content = json.loads(line)
            if operation == _DELETE_STUDY:
                names.pop(content["study_id"], None)
            elif content["study_name"] not in names.values():
                names[created] = str(content["study_name"])
                created += 1
        except _UNREADABLE:
            continue  # read() counts the line
    return list(names.values())


def _operation(line: bytes) -> int | None:
    match = _OPERATION.search(line, 0, 200) or _OPERATION.search(line)
    return None if match is None else int(match[1][:9])


class _Replay:
    """The state of one study as the operations come in."""

    def __init__(self, name: str) -> None:
        self.study: OptunaStudy | None = None
        self._name = name
        self._number = -1
        self._names: dict[int, str] = {}
        self._created = 0
        self._next_trial = 0
        self._lost = 0
        self._trials: dict[int, OptunaTrial] = {}
        self._params: defaultdict[int, dict[str, tuple[Any, Domain]]] = defaultdict(dict)
        self._broken: set[int] = set()
        self._bad_lines: list[int] = []
        self._domains: dict[str, Domain] = {}
        self._of_trial: dict[int, Callable[[OptunaTrial, dict[str, Any]], None]] = {
            5: self._param,
            6: self._state,
            7: lambda trial, log: trial.steps.__setitem__(int(log["step"]), _number(log["intermediate_value"])),
            8: lambda trial, log: trial.user.update(log["user_attr"]),
            9: lambda trial, log: trial.system.update(log["system_attr"]),
        }

    def apply(self, number: int, line: bytes) -> None:
        """One line. Those of other studies' trials are not parsed, so that many studies in a file cost little."""
        operation = _operation(line)
        trial_id = None
        if operation in self._of_trial:
            match = _TRIAL.search(line)
            trial_id = None if match is None else int(match[1])
            if trial_id is not None and trial_id == self._next_trial:  # nothing that could be read has created it
                self._lose_trial(None)
            if trial_id is not None and trial_id not in self._trials:
                return
        try:
            log = json.loads(line)
            if operation in self._of_trial:
                trial = self._trials[log["trial_id"]]
                if trial.state not in _ENDED:
                    self._of_trial[operation](trial, log)
            else:
                self._of_study(operation, log)
        except _UNREADABLE:
            self._bad_lines.append(number)
            if trial_id is not None:
                self._broken.add(trial_id)
            if operation == _CREATE_TRIAL:
                self._lose_trial(_STUDY.search(line))

    def _of_study(self, operation: int | None, log: dict[str, Any]) -> None:
        if operation == _CREATE_STUDY:
            self._create_study(log)
        elif operation == _DELETE_STUDY:
            self._names.pop(log["study_id"], None)
            if log["study_id"] == self._number:
                self.study, self._number, self._trials = None, -1, {}
        elif operation == _CREATE_TRIAL:
            self._create_trial(log)
        elif operation in (_STUDY_USER, _STUDY_SYSTEM) and log["study_id"] == self._number and self.study:
            own = self.study.user if operation == _STUDY_USER else self.study.system
            own.update(log["user_attr" if operation == _STUDY_USER else "system_attr"])
        elif operation not in (_STUDY_USER, _STUDY_SYSTEM):
            raise ValueError("no operation that is known")

    def _create_study(self, log: dict[str, Any]) -> None:
        name = str(log["study_name"])
        if name in self._names.values():
            return
        directions = [_DIRECTIONS[direction] for direction in log["directions"]]
        if name == self._name:
            self.study, self._number = OptunaStudy(name, directions), self._created
        self._names[self._created] = name
        self._created += 1

    def _lose_trial(self, study: re.Match[bytes] | None) -> None:
        """A trial whose creation cannot be read still counts in the numbers of those after it."""
        number = self._number if study is None else int(study[1])
        self._next_trial += number in self._names
        self._lost += number == self._number

    def _create_trial(self, log: dict[str, Any]) -> None:
        if log["study_id"] not in self._names:
            return
        state = STATE_NAMES[log.get("state", 0)]
        trial_id = self._next_trial
        self._next_trial += 1
        if log["study_id"] != self._number:
            return
        trial = self._trials[trial_id] = OptunaTrial(len(self._trials) + self._lost, state)
        try:
            self._fill(trial_id, trial, log)
        except _UNREADABLE:
            self._broken.add(trial_id)

    def _fill(self, trial_id: int, trial: OptunaTrial, log: dict[str, Any]) -> None:
        """A trial can be created with all it has."""
        trial.start, trial.end = seconds(log.get("datetime_start")), seconds(log.get("datetime_complete"))
        trial.worker = _text(log.get("worker_id"))
        domains = {name: self._domain(text) for name, text in log.get("distributions", {}).items()}
        for name, value in log.get("params", {}).items():
            self._params[trial_id][name] = domains[name].external(value), domains[name]
        trial.user, trial.system = dict(log.get("user_attrs", {})), dict(log.get("system_attrs", {}))
        trial.steps = {int(step): _number(value) for step, value in log.get("intermediate_values", {}).items()}
        values = [log["value"]] if log.get("value") is not None else log.get("values")
        trial.values = _values(values)

    def _param(self, _: OptunaTrial, log: dict[str, Any]) -> None:
        domain = self._domain(log["distribution"])
        if not isinstance(log["param_name"], str):
            raise TypeError("the name of a hyperparameter is no text")
        self._params[log["trial_id"]][log["param_name"]] = domain.external(log["param_value_internal"]), domain

    def _state(self, trial: OptunaTrial, log: dict[str, Any]) -> None:
        state = STATE_NAMES[log["state"]]
        if state == trial.state == "RUNNING":
            return  # another worker was faster
        if state == "RUNNING":
            trial.start, trial.worker = seconds(log["datetime_start"]), _text(log.get("worker_id"))
        if state in _ENDED:
            trial.end = seconds(log.get("datetime_complete"))
        trial.state = state
        if log.get("values") is not None:
            trial.values = _values(log["values"])

    def _domain(self, text: str) -> Domain:
        domain = self._domains.get(text)
        if domain is None:
            domain = self._domains[text] = parse(text)
        return domain

    def finished(self, path: Path) -> OptunaStudy:
        """The study after the last line."""
        study = self.study or OptunaStudy(self._name, ["NOT_SET"])
        readable = {key: trial for key, trial in self._trials.items() if key not in self._broken}
        study.trials = list(readable.values())
        study.parameters = by_parameter(self._params[key] for key in readable)
        study.dropped = len(self._trials) - len(readable) + self._lost
        if study.dropped:
            study.notes.append(Note("dropped", "trials with an operation that cannot be read", study.dropped))
        if self._bad_lines:
            text = f"{path.name}, line {listed(self._bad_lines)}: no operation that can be read"
            study.notes.append(Note("flagged", text, len(self._bad_lines)))
        return study


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> float | None:
    return None if value is None else real(value)


def _values(values: Any) -> dict[int, float]:
    return {number: real(value) for number, value in enumerate(values or ()) if value is not None}
