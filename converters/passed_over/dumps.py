"""What optimizers dump as one file that is no table: told by how it begins, never loaded."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from ...errors import EncaveError
from ...files import joblib
from ...files.sqlite import MAGIC
from ..parts.metrics import usual
from ..reader import Listing
from .account import PACKED, Unread

_HEAD = 1 << 16
_PACKED = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_PICKLES = (".pkl", ".pickle", ".joblib", ".p", ".pck", ".dill", ".gz", ".z", ".bz2", ".xz", ".lzma", ".sav")
_DATABASES = (".db", ".sqlite", ".sqlite3", ".db3")
_SHEETS = (".xlsx", ".xls", ".ods", ".feather", ".arrow", ".orc")
_UNTOLD = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".dill"), "pickle"),
    **dict.fromkeys((".npz", ".npy"), "arrays of NumPy"), **dict.fromkeys((".h5", ".hdf5"), "HDF5 file"),
    **dict.fromkeys((".yaml", ".yml"), "list (YAML)"),
}  # fmt: skip
"""Ending → what it is: mostly models, settings and the like, so that they are told of only where there is no log."""
_TEXTS = (".txt", ".dat", ".log", ".out")
_ROWS = re.compile(rb"(?:[^\r\n]*\r?\n){3}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|nan|[-+]?inf", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][^\s%]*")
_TRIALS = re.compile(rb'\s*\{[\s\S]{0,4000}?"(trials|observations|evaluations|history|results|runs)"\s*:\s*\[\s*\{')
_AX = re.compile(rb'"_{1,2}type"\s*:\s*"(AxClient|Client|Experiment|Scheduler)"')
_AX_WAY = (
    "AxClient.load_from_json_file(…).get_trials_data_frame().to_csv('trials.csv') "
    "(Client: .summarize()), then --map objective=… --map hyperparameters=… for that table"
)
_OPENBOX = re.compile(rb'\{\s*"task_id"[\s\S]*"num_objectives"')
_COLUMNS = re.compile(rb'\s*\{\s*"[^"]+"\s*:\s*\{\s*"0"\s*:|\s*\{\s*"(columns|schema)"\s*:')
_LISTS = re.compile(rb'\s*\{\s*"[^"]+"\s*:\s*\[\s*[-0-9"]')
_BY_TRIAL = re.compile(rb'\s*\{\s*"[^"]+"\s*:\s*\{\s*"')
_FIRST_OBJECT = re.compile(rb"(?:[ \t]*(?:#[^\n]*|---)?\r?\n)*- [^\n]*\n(?:[ \t][^\n]*\n)*")
_FIELD = re.compile(rb"([A-Za-z_][\w .-]*):(?:[ \t]|\r?$)", re.MULTILINE)
_COCO = re.compile(rb"^(suite = |funcId = )", re.MULTILINE)


class _Dump(NamedTuple):
    """An object that is pickled."""

    kind: str
    """What it is."""
    marks: tuple[bytes, ...]
    """What its pickle has near its beginning."""
    way_in: str


_TABLE = "then --map objective=… --map hyperparameters=… for that table"
_DUMPS = (
    _Dump("HyperOpt's Trials", (b"hyperopt",), (
        "pandas.DataFrame([{**{k: v[0] for k, v in t['misc']['vals'].items() if v}, **t['result']} "
        "for t in trials.trials]).to_csv('trials.csv'), "
        "then encave convert trials.csv --map objective=loss --map hyperparameters=… --map status=status"
    )),
    _Dump("HpBandSter's Result", (b"hpbandster",),
          "its trials are in results.json and configs.json, which its json_result_logger writes: convert those"),
    _Dump("scikit-optimize's result", (b"OptimizeResult",),
          f"write a table with a row for each of result.x_iters and result.func_vals, {_TABLE}"),
    _Dump("search of scikit-learn", (b"sklearn.model_selection", b"Search"),
          "pandas.DataFrame(search.cv_results_).to_csv('cv_results.csv') and convert that"),
    _Dump("search of scikit-optimize", (b"skopt",),
          "pandas.DataFrame(search.cv_results_).to_csv('cv_results.csv') and convert that"),
    _Dump("pickled data frame", (b"pandas", b"DataFrame"), f"frame.to_csv('table.csv'), {_TABLE}"),
    _Dump("optimizer of Nevergrad", (b"nevergrad",),
          "register nevergrad.callbacks.ParametersLogger('log.json') with it and convert log.json"),
    _Dump("database of Orion", (b"orion.core",), "experiment.to_pandas().to_csv('trials.csv'), " + _TABLE),
    _Dump("optimizer of pycma", (b"cma.evolution_strategy",), f"write a table of its evaluations, {_TABLE}"),
    _Dump("history of OpenBox", (b"openbox",),
          "pandas.DataFrame(history.get_config_dicts())"
          ".assign(objective=history.get_objectives(transform='none')[:, 0])"
          f".to_csv('trials.csv'), {_TABLE}"),
    _Dump("optimizer of BayesianOptimization", (b"bayes_opt",),
          "subscribe its JSONLogger and convert the file that it writes"),
    _Dump("GPyOpt's optimization", (b"GPyOpt",), f"write a table of its X and Y, {_TABLE}"),
    _Dump("experiment of Ax", (b"ax.core",), _AX_WAY),
    _Dump("result of pymoo", (b"pymoo",), f"write a table of its algorithm's history, {_TABLE}"),
)  # fmt: skip
_SCHEMAS = (
    ("MLflow's database", (b"CREATE TABLE experiments", b"latest_metrics"),
     "mlflow.search_runs(search_all_experiments=True).to_csv('runs.csv'), then encave convert runs.csv "
     "--map objective=metrics.COLUMN --map 'hyperparameters=params.*' --map status=status"),
    ("Ax's database", (b"generator_run",), _AX_WAY),
    ("NNI's database", (b"TrialJobEvent",),
     f"export it with nnictl experiment export --type csv --filename trials.csv, {_TABLE}"),
)  # fmt: skip


def of_file(listing: Listing, name: str) -> Unread | None:
    """The dump that a file is; None if it is none."""
    path, lower = listing.folder / name, name.lower()
    if lower.endswith(_PICKLES) and (dump := _dump(_unpacked(listing, name))):
        return Unread(path, f"{dump.kind} (pickle)", dump.way_in)
    if lower.endswith(_PACKED):
        return Unread(path, PACKED, "unpack it first")
    if lower.endswith(_DATABASES):
        return _database(listing, name)
    if lower.endswith(".json"):
        return _json(listing, name)
    if lower.endswith(".info") and _COCO.search(listing.head(name)):
        return Unread(path, "experiment of COCO or old IOHprofiler (.info)", "encave reads IOHprofiler's JSON only")
    if (lower.endswith(_TEXTS) or "." not in name) and _is_table(listing.head(name)):
        return Unread(path, "table (text)", f"save it as CSV, with commas between its cells, {_TABLE}")
    if lower.endswith((".rdata", ".rda", ".rds")):
        way_in = f"in R write its experiments with write.csv, {_TABLE}"
        return Unread(path, "log of irace (R data)" if "irace" in lower else "R data", way_in)
    if lower.endswith(_SHEETS):
        return Unread(path, f"table ({path.suffix.lower()})", "save it as CSV or Parquet and convert that")
    if lower.endswith((".yaml", ".yml")) and _lists_trials(listing.head(name)):
        way_in = f"write it as JSON, as with json.dump(yaml.safe_load(open({name!r})), …), {_TABLE}"
        return Unread(path, "table (YAML)", way_in)
    kind = _UNTOLD.get(path.suffix.lower())
    if kind is None or (kind == "list (YAML)" and not listing.head(name).lstrip().startswith(b"- ")):
        return None
    return Unread(path, kind, f"if it holds trials, write a table of them, {_TABLE}", told="alone")


def _is_table(head: bytes) -> bool:
    """Whether a text begins with a line of names and two of as many cells, of which some are numbers."""
    found = _ROWS.match(head)
    lines = found[0].decode("utf-8", "replace").removeprefix("#").splitlines() if found else []
    for sign in (",", ";", "\t", "|", None):
        rows = [[cell.strip() for cell in line.strip().split(sign)] for line in lines]
        if rows and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            named = all(map(_WORD.fullmatch, rows[0]))
            return named and all(any(map(_NUMBER.fullmatch, row)) for row in rows[1:])
    return False


def _lists_trials(head: bytes) -> bool:
    """Whether a YAML file begins with a list whose first object has a field that is called like an objective."""
    found = _FIRST_OBJECT.match(head)
    return found is not None and bool(usual(name.decode("utf-8", "replace") for name in _FIELD.findall(found[0])))


def _unpacked(listing: Listing, name: str) -> bytes:
    """The beginning of a pickle that may be compressed."""
    head = listing.head(name, _HEAD)
    if not joblib.is_packed(head):
        return head
    try:
        return joblib.unpacked(head, _HEAD, name)
    except EncaveError:
        return b""


def _dump(head: bytes) -> _Dump | None:
    return next((dump for dump in _DUMPS if all(mark in head for mark in dump.marks)), None)


def _database(listing: Listing, name: str) -> Unread | None:
    head = listing.head(name, 1 << 20)
    if not head.startswith(MAGIC):
        return None
    path = listing.folder / name
    for kind, marks, way_in in _SCHEMAS:
        if all(mark in head for mark in marks):
            return Unread(path, kind, way_in)
    return Unread(path, "SQLite database without a study of Optuna", f"export its trials as CSV, {_TABLE}")


def _json(listing: Listing, name: str) -> Unread | None:
    path, head = listing.folder / name, listing.head(name, _HEAD)
    if _AX.search(head):
        return Unread(path, "experiment of Ax (JSON)", _AX_WAY)
    if _OPENBOX.match(head):
        return Unread(path, "history of OpenBox (JSON)", f"write a table of its observations, {_TABLE}")
    if found := _TRIALS.match(head):
        key = found[1].decode()
        way_in = f"write its list {key} alone, as with json.dump(json.load(open({name!r}))[{key!r}], …), {_TABLE}"
        return Unread(path, f"list of {key} in an object (JSON)", way_in)
    content = _object(head) if _LISTS.match(head) or _BY_TRIAL.match(head) else {}
    if _COLUMNS.match(head) or _are_columns(content):
        return Unread(
            path, "table of columns (JSON)", "write it with a row for each trial, as to_json(orient='records')"
        )
    if _are_rows(content):
        way_in = f"write its values alone, as with json.dump(list(json.load(open({name!r})).values()), …), {_TABLE}"
        return Unread(path, "objects by trial (JSON)", way_in)
    return None


def _object(head: bytes) -> dict[str, Any]:
    """The object that a file is, if its beginning is all of it; else an empty one."""
    try:
        content = json.loads(head)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _are_columns(content: dict[str, Any]) -> bool:
    """Whether these are lists of as many values, of which one is called like an objective."""
    lists = [value for value in content.values() if isinstance(value, list) and len(value) > 1]
    alike = len(lists) == len(content) > 1 and len({len(value) for value in lists}) == 1
    return alike and bool(usual(content)) and not any(isinstance(one, list | dict) for value in lists for one in value)


def _are_rows(content: dict[str, Any]) -> bool:
    """Whether these are objects with the same keys, one of which is called like an objective and has a number."""
    rows = [value for value in content.values() if isinstance(value, dict)]
    if len(rows) < max(len(content), 2) or len({tuple(row) for row in rows}) > 1 or len(rows[0]) < 2:
        return False
    return any(type(row[name]) in (int, float) for row in rows for name in usual(rows[0]))
