"""Studies of Optuna that were pickled together with their trials (the in-memory storage).

Nothing of Optuna is imported or run: each of its classes is replaced by one that only keeps what the pickle gives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....run import Note
from ...parts.numbers import integer, real
from ...reader import Found, Listing, Options, ReadResult
from .domains import Domain, from_attributes
from .study import STATE_NAMES, OptunaStudy, OptunaTrial, by_parameter, seconds

SUFFIXES = tuple(
    name + packed
    for name in (".pkl", ".pickle", ".joblib")
    for packed in ("", ".gz", ".z", ".bz2", ".xz", ".lzma", ".lz4")
)
"""How files may be called; those after the second dot are joblib's names for compression."""
_LIMIT = 512 * 1024 * 1024
_PACKED_HEAD = 1 << 20  # bytes; the first block of bz2 has up to 900 kB
_SETS = {"builtins.set", "__builtin__.set"}  # under the second name until protocol 2
_ALLOWED = {"datetime.datetime", "datetime.timezone", "datetime.timedelta", *_SETS}
"""Beside NumPy's."""
_REPLACED = (
    "optuna.",
    "optuna_integration.",
    "optunahub.",
    "numpy.random.",
    "cmaes.",
    "joblib.",
    "sklearn.externals.joblib.",
    "__main__.",
)
_CONTAINERS = frozenset({"collections.defaultdict", "collections.deque", "functools.partial", "pathlib.PosixPath"})
_BASES = frozenset(f"__builtin__.{name}" for name in ("object", "tuple", "list", "dict"))  # of protocols 0 and 1
_DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


class Inert:
    """Stands for an object of a class that is not imported."""

    path = ""
    """Full name of the class."""

    def __new__(cls, *args: Any, **_: Any) -> Inert:
        """Keep the arguments."""
        made = object.__new__(cls)
        made.args = args
        made.state = {}
        return made

    args: tuple[Any, ...]
    """What it was made from."""
    state: dict[str, Any]
    """Its attributes, without the underscores before private ones."""

    def __setstate__(self, state: Any) -> None:
        parts = state if isinstance(state, tuple) else (state,)  # with slots: two parts
        for part in parts:
            if isinstance(part, dict):
                self.state.update({str(key).lstrip("_"): value for key, value in part.items()})

    def __setitem__(self, key: Any, value: Any) -> None:
        """Containers of samplers hold nothing that is needed."""

    def extend(self, items: Any) -> None:
        """Likewise."""

    def append(self, item: Any) -> None:
        """Likewise."""


def detect(listing: Listing) -> Iterable[Found]:
    """Pickles that begin with Optuna's class `Study`, and empty or unreadable files named after Optuna."""
    for name in listing.names:
        if name.endswith(SUFFIXES):
            path = listing.folder / name
            head = _head(listing.head(name, 256), path)
            if b"optuna" in head and b"Study" in head:
                yield Found(path, (path,), "a pickle of the class optuna.study.Study")
            elif not head and "optuna" in name.lower():
                yield Found(path, (path,), "an empty or unreadable file named after Optuna")


def _head(head: bytes, path: Path) -> bytes:
    """The beginning of a pickle that `joblib.dump` may have compressed."""
    from ....files import joblib

    if not joblib.is_packed(head):
        return head
    try:
        with path.open("rb") as file:
            return joblib.unpacked(file.read(_PACKED_HEAD), 256, str(path))
    except (EncaveError, OSError):  # no log of Optuna's, as far as can be seen
        return b""


def read(found: Found, options: Options) -> ReadResult:
    """Read the study."""
    from .trials import to_result

    path = found.path
    if not path.stat().st_size:
        raise EncaveError(f"{path} is empty (0 bytes)")
    content = _unpickled(path)
    try:
        study = _study(content, path)
    except _UNREADABLE as error:
        told = f"{type(error).__name__}: {error}"
        raise EncaveError(f"{path} holds a study with what Optuna does not pickle ({told})") from error
    return to_result(study, path, options)


def _unpickled(path: Path) -> Any:
    from ....files import joblib, pickles

    with path.open("rb") as file:
        data = joblib.unpacked(file.read(_LIMIT + 1), _LIMIT, str(path))
    if len(data) > _LIMIT:
        raise EncaveError(f"{path} is larger than {_LIMIT >> 20} MiB; encave does not read it")
    load = joblib.load if joblib.MARK in data else pickles.loads
    return load(data, name=str(path), allowed=pickles.NUMPY | _ALLOWED, stand_in=_StandIns())


class _StandIns:
    """Class → what replaces it in one pickle."""

    def __init__(self) -> None:
        self._classes: dict[str, type[Inert]] = {}

    def __call__(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        if path == "builtins.getattr":  # a member of an enum by name, as Python 3.11 pickles it
            return _member
        if path == "copy_reg._reconstructor":  # an object without its state, as protocols 0 and 1 have it
            return _reconstructed
        if not path.startswith(_REPLACED) and path not in _CONTAINERS | _BASES:
            return None
        if path not in self._classes:
            self._classes[path] = type(name, (Inert,), {"path": path})
        return self._classes[path]


def _member(owner: Any, name: Any) -> Inert:
    if isinstance(owner, type) and issubclass(owner, Inert):
        return owner(name)
    raise EncaveError("the pickle takes an attribute of something else than Optuna's: it was not loaded")


def _reconstructed(owner: Any, _base: Any, content: Any) -> Inert:
    if isinstance(owner, type) and issubclass(owner, Inert):
        return owner(content)
    raise EncaveError("the pickle makes an object of something else than Optuna's: it was not loaded")


def _study(content: Any, path: Path) -> OptunaStudy:
    if not isinstance(content, Inert) or not content.path.endswith(".Study"):
        raise EncaveError(f"{path} is a pickle, but not of a study of Optuna")
    state = content.state
    storage = state.get("storage")
    studies = storage.state.get("studies") if isinstance(storage, Inert) else None
    info = studies.get(state.get("study_id")) if isinstance(studies, dict) else None
    if not isinstance(info, Inert) or not isinstance(info.state.get("trials"), list):
        kind = storage.path.rsplit(".", 1)[-1] if isinstance(storage, Inert) else "another storage"
        raise EncaveError(f"{path} has no trials: they are in the study's storage ({kind}); convert that instead")
    directions = info.state.get("directions") or state.get("directions") or [info.state.get("direction")]
    sampler = state.get("sampler")
    study = OptunaStudy(
        name=str(info.state.get("name") or state.get("study_name") or ""),
        directions=[_enum(direction, _DIRECTIONS) for direction in directions],
        user=_mapping(info.state.get("user_attrs")),
        system=_mapping(info.state.get("system_attrs")),
        sampler=sampler.path.rsplit(".", 1)[-1] if isinstance(sampler, Inert) else None,
    )
    domains: dict[str, Domain] = {}
    params: list[dict[str, tuple[Any, Domain]]] = []
    for number, pickled in enumerate(info.state["trials"]):
        try:
            trial = _trial(number, pickled.state)
            params.append(_params(pickled.state, domains))
            study.trials.append(trial)
        except _UNREADABLE:
            study.dropped += 1
    study.parameters = by_parameter(params)
    if study.dropped:
        study.notes.append(Note("dropped", "trials that hold what Optuna does not pickle", study.dropped))
    return study


def _enum(member: Any, names: tuple[str, ...]) -> str:
    """Name of an enum's member, pickled by value or by name."""
    value = member.args[0] if isinstance(member, Inert) and member.args else 0
    return names[value] if isinstance(value, int) else names[names.index(str(value))]


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else {}


def _plain(value: Any) -> Any:
    """Values as JSON has them; what is none of those as text."""
    item = value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value
    if isinstance(item, dict | list | tuple):
        return json.loads(json.dumps(item, default=str))
    if isinstance(item, Inert):
        return item.path
    return item if isinstance(item, str | bool | int | float | None) else str(item)


def _trial(number: int, state: dict[str, Any]) -> OptunaTrial:
    told = integer(state.get("number", number))
    if told is None:
        raise ValueError("the trial's number is none")
    trial = OptunaTrial(told, _enum(state["state"], STATE_NAMES))
    values = state.get("values") or [state.get("value")]
    trial.values = {key: real(value) for key, value in enumerate(values) if value is not None}
    trial.user, trial.system = _mapping(state.get("user_attrs")), _mapping(state.get("system_attrs"))
    trial.steps = {int(step): real(value) for step, value in state.get("intermediate_values", {}).items()}
    trial.start, trial.end = _moment(state.get("datetime_start")), _moment(state.get("datetime_complete"))
    return trial


def _params(state: dict[str, Any], domains: dict[str, Domain]) -> dict[str, tuple[Any, Domain]]:
    """Parameter → value and distribution; `domains` are those that are known already, by their text."""
    own = {str(name): _domain(distribution, domains) for name, distribution in state["distributions"].items()}
    params = {str(name): _plain(value) for name, value in state["params"].items()}
    for name, value in params.items():
        own[name].check(value)
    return {name: (value, own[name]) for name, value in params.items()}


def _domain(distribution: Any, domains: dict[str, Domain]) -> Domain:
    """Each trial has objects of its own for the same distributions."""
    text = f"{distribution.path} {distribution.state!r}"
    if text not in domains:
        name = distribution.path.rsplit(".", 1)[-1]
        attributes = {key: _plain(value) for key, value in distribution.state.items()}
        domains[text] = from_attributes(name, attributes, json.dumps({"name": name, "attributes": attributes}))
    return domains[text]


def _moment(value: Any) -> float | None:
    if value is not None and not isinstance(value, datetime):
        raise TypeError("a trial's time is none")
    return seconds(value)
