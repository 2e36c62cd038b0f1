"""Whatever is done to a log, its reader says why it cannot read it or accounts for every trial; it never fails."""

from __future__ import annotations

import json
import re
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.converters.conversion import convert
from encave.converters.formats import amltk, bohb
from encave.converters.formats.optuna import reader as optuna
from encave.converters.formats.ray_tune import reader as ray_tune
from encave.converters.reader import Listing, Options, Reader
from encave.errors import EncaveError

TIMES = {"submitted": 100.0, "started": 100.5, "finished": 102.0}
BOHB = {
    "configs.json": "".join(json.dumps([[0, 0, n], {"x": 0.5 * n, "c": "ab"[n % 2]}, {}]) + "\n" for n in range(3)),
    "results.json": "".join(
        json.dumps([[0, 0, n], 9.0, TIMES, {"loss": 0.25 * n, "info": {"a": 1}}, None]) + "\n" for n in range(3)
    ),
}
FLOAT = json.dumps({"name": "FloatDistribution", "attributes": {"low": 0.0, "high": 1.0, "log": False, "step": None}})
OPERATIONS = [
    {"op_code": 0, "worker_id": "w", "study_name": "s", "directions": [1]},
    {"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": "2026-01-01T00:00:00.000000"},
    {
        "op_code": 5,
        "worker_id": "w",
        "trial_id": 0,
        "param_name": "x",
        "param_value_internal": 0.5,
        "distribution": FLOAT,
    },
    {"op_code": 7, "worker_id": "w", "trial_id": 0, "step": 1, "intermediate_value": 0.75},
    {"op_code": 8, "worker_id": "w", "trial_id": 0, "user_attr": {"a": [1]}},
    {
        "op_code": 6,
        "worker_id": "w",
        "trial_id": 0,
        "state": 1,
        "values": [0.5],
        "datetime_complete": "2026-01-01T00:00:01",
    },
    {"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": "2026-01-01T00:00:02.000000"},
]
JOURNAL = {"journal.log": "".join(json.dumps(operation) + "\n" for operation in OPERATIONS)}
RESULTS = [{"score": n / 2, "training_iteration": n, "timestamp": 100 + n, "time_total_s": n} for n in (1, 2)]
RAY_STATE = {"trial_id": "a1", "status": "TERMINATED", "config": {"lr": 0.5}, "relative_logdir": "train_a1"}
RAY = {
    "experiment_state-1.json": json.dumps({"trial_data": [[json.dumps(RAY_STATE), "{}"]], "runner_data": {}}),
    "train_a1/params.json": json.dumps({"lr": 0.5}),
    "train_a1/result.json": "".join(json.dumps(line) + "\n" for line in RESULTS),
}
LOGS: dict[str, tuple[Reader, dict[str, str]]] = {
    "bohb": (bohb.READER, BOHB),
    "journal": (optuna.READER, JOURNAL),
    "ray": (ray_tune.READER, RAY),
}
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
OTHERS = [b"null", b"[]", b"{}", b'"x"', b"NaN", b"true", b"-5", b"99999999999999999999", b"1e999", b"[" * 3000]


def read_all(folder: Path, reader: Reader) -> int:
    """Number of runs read; each must account for its trials."""
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_file()))
    results = [reader.read(found, Options()) for found in reader.detect(Listing(folder, names))]
    for result in results:
        assert result.read == len(result.run) + result.merged + result.dropped
    return len(results)


def damage(content: bytes, draw: st.DataObject) -> bytes:
    """Other values in the place of numbers, bytes changed, a piece cut out, or the end cut off."""
    for _ in range(draw.draw(st.integers(1, 3))):
        kind = draw.draw(st.sampled_from(["value", "byte", "piece", "end"]))
        place = draw.draw(st.integers(0, max(len(content) - 1, 0)))
        numbers = list(NUMBER.finditer(content))
        if kind == "value" and numbers:
            match = draw.draw(st.sampled_from(numbers))
            content = content[: match.start()] + draw.draw(st.sampled_from(OTHERS)) + content[match.end() :]
        elif kind == "byte":
            content = content[:place] + draw.draw(st.binary(min_size=1, max_size=2)) + content[place + 1 :]
        elif kind == "piece":
            content = content[:place] + content[place + draw.draw(st.integers(1, 30)) :]
        else:
            content = content[:place]
    return content


@pytest.mark.parametrize("name", list(LOGS))
def test_the_logs_are_whole_before_the_damage(tmp_path: Path, name: str) -> None:
    reader, files = LOGS[name]
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    assert read_all(tmp_path, reader) == 1


@pytest.mark.parametrize("name", list(LOGS))
@settings(max_examples=120)
@given(data=st.data())
def test_damaged_text(name: str, data: st.DataObject) -> None:
    reader, files = LOGS[name]
    damaged = data.draw(st.sampled_from(sorted(files)))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        for file, text in files.items():
            path = Path(folder) / file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(damage(text.encode(), data) if file == damaged else text.encode())
        try:
            read_all(Path(folder), reader)
        except EncaveError as error:
            assert folder in str(error) or "trial" in str(error) or "configuration" in str(error)


def test_parquet_with_a_text_that_is_none(tmp_path: Path) -> None:
    import pandas as pd

    columns = {"status": ["success"], "trial_seed": [1], "metric:a (minimize)": [1.0], "config:c": ["abcdefgh"]}
    path = tmp_path / "history.parquet"
    pd.DataFrame(columns).to_parquet(path, compression=None)
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abc\xb4\xffgh\xc1"))
    with pytest.raises(EncaveError, match="damaged"):
        read_all(tmp_path, amltk.READER)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "files",
    [
        {
            "runhistory.json": '{"data": [[[1, null, 0], [0.5, 1, {"__enum__": "StatusType.SUCCESS"}, 1, 2, {}]]],\n'
            '"configs": {"1": {"x": 0.5}}}'
        },
        {
            "results.json": json.dumps([[0, 0, 0], 1.0, TIMES, {"loss": 0.5, "info": {}}, None]) + "\n",
            "configs.json": '[[0, 0, 0], {"x": 0.5}, {}]\n',
        },
        {
            "history.jsonl": "[0, 1, 3, [0.5], 0.0, 1.0, 1, {}]\n",
            "configs.json": '{"0": {"x": 0.5}}',
            "meta.json": '{"objectives": [{"name": "err", "optimize": "lower"}]}',
        },
    ],
    ids=["smac", "bohb", "deepcave"],
)
def test_text_as_windows_writes_it(tmp_path: Path, files: dict[str, str], encoding: str) -> None:
    """Marks of the byte order and CR LF are read; lines in UTF-16 are refused with what to do."""
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.replace("\n", "\r\n").encode(encoding))
    [done] = convert([tmp_path], tmp_path / "out")
    if encoding == "utf-16" and "runhistory.json" not in files:
        assert done.status == "refused" and "UTF-16: save it as UTF-8" in (done.reason or "")
    else:
        assert (done.status, done.dropped) == ("converted", 0)
