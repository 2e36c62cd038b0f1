"""Logs read in several processes, in order, while processes die."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from encave.converters.log_reading import AskedLog, read_logs
from encave.converters.reader import Options
from encave.converters.sources import logs_and_runs
from encave.errors import EncaveError
from encave.run import Run

from .conftest import random_lines, write_sidecar, write_trials


class Ends:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> Any:
        return os._exit, (9,)


def asked(root: Path, count: int, **settings: Any) -> list[AskedLog]:
    for seed in range(count):
        write_trials(root / f"seed-{seed}", random_lines(5 + seed, seed=seed))
        write_sidecar(root / f"seed-{seed}", optimizer="RE", seed=seed)
    found, _ = logs_and_runs([root])
    return [AskedLog(each.reader.name, each.found, Options(), **settings) for each in found]


def test_a_log_that_ends_its_process_costs_only_itself(tmp_path: Path) -> None:
    logs = asked(tmp_path, 4)
    (tmp_path / "seed-2" / "trials.jsonl").write_text("")
    deadly: Any = Ends()
    answers = list(read_logs([*logs[:1], AskedLog("encave", deadly, Options()), *logs[1:]], 2))
    assert [type(answer) for answer in answers] == [Run, EncaveError, Run, EncaveError, Run]
    assert "the process that read it ended" in str(answers[1])
    assert [len(answer) for answer in answers if isinstance(answer, Run)] == [5, 6, 8]
    assert [str(one) for one in answers[2:]] == [str(one) for one in read_logs(logs[1:])]


def test_a_log_that_has_not_changed_is_not_read(tmp_path: Path) -> None:
    [log] = asked(tmp_path, 1, with_fingerprint=True)
    [run] = read_logs([log])
    assert isinstance(run, Run)
    again = AskedLog(log.name, log.found, log.options, True, run.metadata["fingerprint"])
    assert list(read_logs([again])) == [None]
    write_trials(tmp_path / "seed-0", random_lines(6))
    [changed] = read_logs([again])
    assert isinstance(changed, Run) and len(changed) == 6
