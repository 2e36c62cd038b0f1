"""Folders of experiment trackers and tuners that keep each run in files of its own."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import suppress
from pathlib import Path

from ..formats.table.mapping import as_options
from ..reader import Listing
from .account import EVENTS, Unread

_KERAS = "KerasTuner project"
_KERAS_TABLE = (  # without apostrophes, in which a shell has it
    'import glob, json, pandas; pandas.DataFrame([{**t["hyperparameters"]["values"], "score": t["score"], '
    '"status": t["status"]} for t in map(json.load, map(open, glob.glob("trial_*/trial.json")))]).to_csv("trials.csv")'
)
_REPORT = re.compile(rb'\{[\s\S]*"encave_report"')
_SACRED = re.compile(rb'\{[\s\S]*"experiment"\s*:[\s\S]*"sources"\s*:')
_WANDB_RUN = re.compile(r"(offline-)?run-")
_WANDB = (
    "run of W&B",
    "export the runs as CSV from the project's page of W&B, then --map objective=… --map hyperparameters=…",
)
_TRIAL = re.compile(r"trial_\w+")


def of_folder(listing: Listing) -> Unread | None:
    """The project, run or report that the folder is; None if it is none."""
    names, folder = listing.names, listing.folder
    for name in ("oracle.json", "trial.json"):
        if name in names and (project := _keras_tuner(folder, name, listing.head(name, 1 << 16))):
            return project
    if "meta.yaml" in names:
        return _mlflow(folder, listing.head("meta.yaml"))
    if {"run.json", "config.json"} <= set(names) and _SACRED.match(listing.head("run.json", 1 << 16)):
        way_in = "write a table with a row per run from config.json and metrics.json, then --map objective=…"
        return Unread(folder, "run of Sacred", way_in, whole=True)
    if _WANDB_RUN.match(folder.name) and any(name.endswith(".wandb") for name in names):
        return Unread(folder, *_WANDB, whole=True)
    if "manifest.json" in names and _REPORT.match(listing.head("manifest.json", 1 << 16)):
        return Unread(folder, "report of encave", whole=True, told="never")
    return None


def _keras_tuner(folder: Path, name: str, head: bytes) -> Unread | None:
    """The project that a file is of: of the oracle, or of a trial in a folder below."""
    trial = name == "trial.json"
    if b'"hyperparameters"' not in head or (trial and not _TRIAL.fullmatch(folder.name)):
        return None
    parameters = ["COLUMN"]
    with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):  # cut off, or of another form
        parameters = [str(key) for key in json.loads(head)["hyperparameters"]["values"]] or parameters
    direction = ":maximize" if trial and re.search(rb'"direction"\s*:\s*"max"', head) else ""
    options = as_options({"objective": f"score{direction}", "hyperparameters": parameters, "status": "status"})
    hint = "" if trial else " (score:maximize where more is better)"
    way_in = f"in its folder python -c {shlex.quote(_KERAS_TABLE)}, then encave convert trials.csv {options}{hint}"
    return Unread(folder.parent if trial else folder, _KERAS, way_in, whole=True)


def _mlflow(folder: Path, head: bytes) -> Unread | None:
    """A run of MLflow, whose folder has its parameters and metrics as a file each."""
    if not (b"lifecycle_stage" in head and re.search(rb"^run_(uu)?id:", head, re.MULTILINE)):
        return None
    from ..parts.metrics import more_is_better, usual

    try:
        metrics = [f"metrics.{path.name}" for path in sorted((folder / "metrics").iterdir())]
    except OSError:
        metrics = []
    metric = metrics[0] if len(metrics) == 1 else next(iter(usual(metrics)), "COLUMN")
    told = f"{metric}:maximize" if more_is_better(metric) else metric
    export = 'import mlflow; mlflow.search_runs(search_all_experiments=True).to_csv("runs.csv")'
    roles = {"status": "status", "start": "start_time", "end": "end_time"}
    options = as_options({"objective": told, "hyperparameters": ["params.*"], **roles})
    way_in = f"python -c {shlex.quote(export)} (with MLFLOW_TRACKING_URI set), then encave convert runs.csv {options}"
    return Unread(folder, "run in MLflow's mlruns", way_in, whole=True)


def of_file(listing: Listing, name: str) -> Unread | None:
    """What trackers leave of one run in one file."""
    path = listing.folder / name
    if name.endswith(".wandb"):
        return Unread(path, *_WANDB)
    if "tfevents" in name:
        way_in = "TensorBoard's files have no configurations: export the table of its HPARAMS page as CSV"
        return Unread(path, EVENTS, way_in)
    if name == "optimization_results.yaml":
        way_in = "it has the best trial only: give the sweeper a storage, as hydra.sweeper.storage=sqlite:///study.db"
        return Unread(path, "result of a sweep of Hydra", way_in)
    return None
