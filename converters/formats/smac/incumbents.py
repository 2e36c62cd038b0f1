"""What SMAC says of its incumbents, and what it counts failures with, where it has several instances or seeds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ....errors import EncaveError
from ....files.json_text import read_json
from ....run import Note, Status
from ...parts.json_lines import read_lines
from ...parts.numbers import finite, integer
from .columns import Entries
from .files import Scenario
from .rows import UNSET, instance_text

_PAR = re.compile(r"(?:par|mean)\s*(\d+)", re.IGNORECASE)
_CUTOFFS = ("cutoff", "cutoff_time", "algo_cutoff_time", "target_run_cputime_limit", "runtime_cutoff")
_COUNTS = ("trial", "evaluations", "target_algorithm_runs")  # of 2.x, of 1.x, of the alpha of 2.0
_Named = tuple[int, int]  # finished evaluations by then, configuration


def shares_evaluations(rows: Entries) -> bool:
    """Whether a configuration was evaluated on several instances or with several seeds at one budget."""
    instances = list(map(instance_text, rows.instance))
    if len(set(instances)) < 2 and len(set(rows.seed)) < 2:
        return False
    where = list(zip(rows.config_id.tolist(), rows.budget, strict=True))
    return len(set(where)) < len(set(zip(where, instances, rows.seed, strict=True)))


def penalties(rows: Entries, scenario: Scenario, failed: NDArray[np.bool_]) -> tuple[pa.Array, list[Note]]:
    """What each failed trial counts with: a timeout the PAR factor times the cutoff, others what SMAC used.

    Args:
        rows: The entries.
        scenario: What SMAC was told.
        failed: Which of them failed, shape (n,).
    """
    raw = rows.cost[:, 0]
    values = np.where(failed & np.isfinite(raw) & (raw != UNSET), raw, np.nan)
    late = failed & rows.are(Status.TIMEOUT)
    factor, cutoff = _par(scenario.content)
    notes: list[Note] = []
    if late.any() and factor is not None and cutoff is not None:
        values = np.where(late, factor * cutoff, values)
        text = f"a timeout counts with {factor:g} times the cutoff of {cutoff:g} s in the mean of its configuration"
        notes.append(Note("derived", text, int(late.sum())))
    return pa.array(values, mask=np.isnan(values)), notes


def _par(settings: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """PAR factor and cutoff in seconds, as far as the scenario minimises running times and has them."""
    told = {str(key).lower().replace("-", "_"): value for key, value in settings.items()}
    if str(told.get("run_obj", "")).lower() != "runtime":
        return None, None
    overall = _PAR.fullmatch(str(told.get("overall_obj", "")).strip())
    factor = _number(told.get("par_factor")) or (float(overall[1]) if overall else 1.0)
    return factor, next((number for key in _CUTOFFS if (number := _number(told.get(key))) is not None), None)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) and number > 0 else None


def named_incumbents(
    path: Path | None, rows: Entries, ends: NDArray[np.float64], configurations: Mapping[int, Mapping[str, Any]]
) -> tuple[pa.Array | None, list[Note]]:
    """The configuration that SMAC names its incumbent when each trial ended, shape (n,); None where it names none.

    Args:
        path: The file with SMAC's trajectory, if there is one.
        rows: Its entries.
        ends: Their ends, shape (n,); NaN where unknown.
        configurations: All configurations.
    """
    if path is None:
        return None, []
    try:
        named, strange = _trajectory(path, configurations)
    except EncaveError as error:
        return None, [Note("flagged", f"SMAC's incumbents are left out: {error}")]
    notes: list[Note] = []
    if strange:
        text = f"{path.name} has incumbents that are no configuration of the log, which are left out"
        notes.append(Note("flagged", text, strange))
    finished = np.flatnonzero(~rows.are(Status.RUNNING))
    if not named or not len(finished):
        return None, notes or [Note("flagged", f"{path.name} names no incumbents")]
    order = finished if np.isnan(ends[finished]).any() else finished[np.argsort(ends[finished], kind="stable")]
    by_then = np.full(len(rows), -1)
    for count, configuration in sorted(named, key=lambda one: one[0]):
        by_then[order[min(max(count, 1), len(order)) - 1 :]] = configuration
    notes.append(Note("derived", f"incumbents are those that SMAC names in {path.name}", len(named)))
    return pa.array(by_then, mask=by_then < 0), notes


def _trajectory(path: Path, configurations: Mapping[int, Mapping[str, Any]]) -> tuple[list[_Named], int]:
    """The incumbents that SMAC names, and how many of them are no configuration of the log.

    Raises:
        EncaveError: the file cannot be read.
    """
    numbers = {_contents(content): number for number, content in configurations.items()}
    found, strange = list[_Named](), 0
    for item in _items(path):
        count, told = _of(item, *_COUNTS), _of(item, "config_ids", "config_id", "incumbent")
        alone = told[0] if isinstance(told, list) and len(told) == 1 and isinstance(told[0], int) else told
        number = alone if isinstance(alone, int) else numbers.get(_contents(_parsed(told)))
        evaluations = finite(count)
        if number is not None and integer(number) in configurations and evaluations is not None:
            found.append((int(evaluations), number))
        else:
            strange += 1
    return found, strange


def _of(item: Mapping[str, Any], *keys: str) -> Any:
    return next((item[key] for key in keys if key in item), None)


def _items(path: Path) -> Iterator[Mapping[str, Any]]:
    """Steps of SMAC's trajectory: an object with a list of them, a list, or one a line."""
    try:
        content, _ = read_json(path)
    except EncaveError:  # several lines
        content = None
    if isinstance(content, dict) and "trajectory" in content:
        content = content["trajectory"]
    elif not isinstance(content, list):
        content = read_lines(path, lambda value: None if isinstance(value, dict) else "not a JSON object").values
    listed = content if isinstance(content, list) else []
    yield from (item if isinstance(item, dict) else {} for item in listed)


def _parsed(told: Any) -> Mapping[str, Any]:
    """Hyperparameter → value, of an object or of texts such as `x='0.9'`."""
    if isinstance(told, dict):
        return told
    pairs = (text.partition("=") for text in told if isinstance(text, str)) if isinstance(told, list) else ()
    return {name.strip(): value for name, _, value in pairs}


def _contents(configuration: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """A configuration as 1.x prints it, where numbers are text in quotes; without inactive hyperparameters."""
    return frozenset((name, _text(value)) for name, value in configuration.items() if value is not None)


def _text(value: Any) -> str:
    text = str(value).strip().strip("'\"")
    try:
        return repr(float(text))
    except ValueError:
        return text
