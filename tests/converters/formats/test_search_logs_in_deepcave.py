"""NASLib, NATS-Bench, Syne Tune, NePS and DeepHyper logs, converted, in stock DeepCAVE."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from encave.converters.conversion import convert
from encave.run import Run

from ..reading import LOGS
from .test_naslib import metrics, write


@pytest.mark.parametrize("logs", ["nats-bench", "syne-tune", "neps", "deephyper"])
def test_every_trial_is_in_deepcave(logs: str, tmp_path: Path, open_in_stock_deepcave: Callable[[Path], Any]) -> None:
    for conversion in convert([LOGS / logs], tmp_path):
        check(conversion.output, open_in_stock_deepcave)


def test_every_trial_of_naslib_is_in_deepcave(tmp_path: Path, open_in_stock_deepcave: Callable[[Path], Any]) -> None:
    (tmp_path / "log").mkdir()
    (conversion,) = convert([write(tmp_path / "log", metrics())], tmp_path / "out")
    check(conversion.output, open_in_stock_deepcave)


def check(folder: Path | None, open_run: Callable[[Path], Any]) -> None:
    assert folder is not None
    ours, shown = Run.load(folder), open_run(folder)
    name = f"cost:{ours.objectives[0].name}"
    # DeepCAVE holds one trial per configuration and budget; results.pth repeats the best so far
    first = {(trial["config_id"], trial["budget"]): trial[name] for trial in reversed(ours.trials.to_pylist())}
    assert sorted((trial.costs[0] for trial in shown.history), key=str) == sorted(first.values(), key=str)
