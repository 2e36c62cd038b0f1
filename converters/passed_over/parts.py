"""Files that known optimizers write beside their logs: told by name where the log is missing, else part of it."""

from __future__ import annotations

import re
from pathlib import Path

from ..formats.smac.files import RUN_HISTORY
from ..reader import Listing
from .account import Unread

_SMAC = re.compile(
    r"(scenario|stats|intensifier|optimization|traj|traj_aclib2|run_history|configspace)[ _\d()-]*\.(json|txt|pcs)"
    r"|traj_old.*\.csv",
    re.IGNORECASE,
)
_SMAC_TELLS = re.compile(r"(intensifier|traj|traj_aclib2)[ _\d()-]*\.json|traj_old.*\.csv", re.IGNORECASE)
_SMAC_SCENARIO = re.compile(
    rb'"(crash_cost|trial_walltime_limit|intensifier|ta_run_limit)"|^(pcs_fn|paramfile) = ', re.MULTILINE
)
_SMAC_JAVA = re.compile(
    r"(runs_and_results|run_and_results|uniq_configurations|paramstrings|live-rundata|detailed-traj|traj)"
    r"-(it|run|\d).*\.(csv|txt|json)",
    re.IGNORECASE,
)
_SPACES = re.compile(r"(config(uration)?_?space|search_?space)\b.*\.(csv|json)", re.IGNORECASE)
_SCENARIO_LARGEST = 1 << 20
_HPBANDSTER = ("configs.json", "results.json")
_NEPS = ("full.csv", "short.csv")
_DEHB_HISTORY = re.compile(r"history(_.*)?\.pkl")
_WRITE_ANEW = "the file is damaged: copy it again from where it was written"
_RAY = ("progress.csv", "result.json")


def of_folder(listing: Listing) -> Unread | None:
    """SMAC's run whose run history is missing; None if the folder is none."""
    if _histories(listing):
        return None
    tells = sorted((name for name in listing.names if _SMAC_TELLS.fullmatch(name)), reverse=True)
    tells += [n for n in ("scenario.json", "scenario.txt") if n in listing.names and _is_scenario(listing, n)]
    if not tells:
        return None
    way_in = "the trials are in runhistory.json, which SMAC writes beside it: put it there"
    return Unread(listing.folder / tells[0], "part of a run of SMAC without its runhistory.json", way_in)


def _histories(listing: Listing) -> list[str]:
    return [name for name in listing.names if RUN_HISTORY.fullmatch(name)]


def _is_scenario(listing: Listing, name: str) -> bool:
    return _SMAC_SCENARIO.search(listing.head(name, 1 << 16)) is not None


def sidecars(listing: Listing) -> set[str]:
    """Names of files that belong to a log of this folder, or to the run that `of_folder` tells."""
    names = set(listing.names)
    beside = {name for name in names if _SPACES.fullmatch(name)}
    if _histories(listing) or of_folder(listing) is not None:
        beside |= {name for name in names if _SMAC.fullmatch(name)}
    if "scenario.txt" in names:
        text = listing.head("scenario.txt", _SCENARIO_LARGEST)
        beside |= {name for name in names if name.encode() in text}
    if any(name.startswith(("history", "dehb_state")) for name in names):
        beside |= {"config_repository.json"}
    if names.issuperset(_HPBANDSTER):
        beside |= {name for name in names if name.startswith("result") and name.endswith((".pkl", ".pickle"))}
    if "trial_logs.jsonl" in names:
        beside |= {"trajectory_logs.jsonl"}
    if "optimizer_info.yaml" in names:
        beside |= {"shared_errors.jsonl"}
    if listing.folder.name == "summary" and (listing.folder.parent / "configs").is_dir():
        beside |= set(_NEPS)
    return beside


def of_file(listing: Listing, name: str) -> Unread | None:
    """A part of a known optimizer's output that is no log of trials."""
    path = listing.folder / name
    if _SMAC_JAVA.fullmatch(name):
        way_in = "the configurations stand in paramstrings and the results in runs_and_results: join them to one table"
        return Unread(path, "table of SMAC-Java (SMAC 2)", way_in)
    if name == "trajectory_logs.jsonl":
        return Unread(path, "trajectory of CARP-S without its trial_logs.jsonl", "the trials are in trial_logs.jsonl")
    if name in _RAY and b"training_iteration" in listing.head(name, 1 << 16):
        way_in = "its configuration is in params.json, which Ray Tune writes beside it: put it there"
        return Unread(path, "results of a Ray Tune trial without its params.json", way_in)
    if name.endswith(".json") and (found := _naslib_predictor(path, listing.head(name, 1 << 16))):
        return found
    return _damaged(listing, name)


def _damaged(listing: Listing, name: str) -> Unread | None:
    """A log by its name of which not even one trial is whole, so that no format knows it."""
    if name == "results.json" and "configs.json" in listing.names:
        return Unread(listing.folder / name, "results of HpBandSter without a whole line", _WRITE_ANEW)
    if _DEHB_HISTORY.fullmatch(name):
        return Unread(listing.folder / name, "history (pickle) that is cut off or none of DEHB's", _WRITE_ANEW)
    if name.endswith((".log", ".journal")) and listing.head(name, 64).startswith(b'{"op_code"'):
        return Unread(listing.folder / name, "journal of Optuna without a whole line", _WRITE_ANEW)
    return None


def _naslib_predictor(path: Path, head: bytes) -> Unread | None:
    if not (b'"kendalltau"' in head and b'"pearson"' in head):
        return None
    return Unread(path, "NASLib's evaluation of a predictor, which is no search")
