"""Where a run comes from and under what it was made: typed fields for what encave uses, and the rest as it was told.

On disk it is one JSON object, `metadata` of `run.json`. Keys keep the order in which they came, so what is read and
written again has the same bytes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType, NoneType
from typing import Any, ClassVar, TypeAlias, TypeVar

from ..errors import EncaveError
from .checks import NUMBER, SCALAR, TEXT, Kinds, check_fields, is_list, is_object, is_of, shown

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""A value that JSON has."""

_Own = TypeVar("_Own", bound="Told")
_COUNTS = frozenset({"read", "written", "merged", "dropped"})
_COUNT: Kinds = (int,)
_WHOLE: Mapping[str, int | None] = {"seed": None, "workers": 1}  # the least that it may be


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True, repr=False)
class Told:
    """A JSON object of which some keys are fields.

    Raises:
        EncaveError: a field is of another type, or `extra` has its key too.
    """

    extra: Mapping[str, JSON] = field(default_factory=_nothing)
    """Keys that are no fields, and fields whose value says nothing that encave can use."""
    order: tuple[str, ...] = field(default=(), compare=False)
    """Keys in the order in which they came; one without a value is written as null."""

    _KINDS: ClassVar[Mapping[str, Kinds]] = {}
    _WHERE: ClassVar[str] = ""

    def __post_init__(self) -> None:
        check_fields(self._WHERE, self.__dict__, self._KINDS)
        twice = sorted(key for key in self.extra if self.__dict__.get(key) not in (None, (), {}))
        if twice:
            raise EncaveError(f"{self._WHERE}{', '.join(twice)} stands among the fields and in `extra`")
        self._put(extra=MappingProxyType(dict(self.extra)))

    @classmethod
    def from_json(cls: type[_Own], content: Mapping[str, JSON]) -> _Own:
        """What a JSON object says.

        Raises:
            EncaveError: a value is of another type than its key's.

        Example:
            >>> encave.Provenance.from_json({"task": "mlp", "facade": "HPO"}).task
            'mlp'
        """
        free = {key for key, value in content.items() if key not in cls._KINDS or is_object(value)}
        content = {key: _finite(value) if key in free else value for key, value in content.items()}
        fields: dict[str, Any] = {key: value for key, value in content.items() if key in cls._KINDS}
        return cls(**fields, extra={key: content[key] for key in content if key not in fields}, order=tuple(content))

    def json(self) -> dict[str, Any]:
        """The JSON object.

        Example:
            >>> encave.Provenance(task="mlp", seed=3).json()
            {'task': 'mlp', 'seed': 3}
        """
        told = {key: value for key in self._KINDS if (value := _plain(self.__dict__[key])) not in (None, [], {})}
        told |= {key: _plain(value) for key, value in self.extra.items()}
        return {key: told[key] if key in told else self._empty(key) for key in dict.fromkeys((*self.order, *told))}

    def replace(self: _Own, **fields: object) -> _Own:
        """The same with other values of fields, which are written after those that are there, even if they are None.

        Other keys are replaced as a whole, by `extra`.

        Raises:
            EncaveError: as the constructor.

        Example:
            >>> encave.Provenance(task="mlp").replace(seed=3).json()
            {'task': 'mlp', 'seed': 3}
        """
        given = fields.pop("extra", self.extra)
        if not is_object(given):
            raise EncaveError(f"extra is {shown(given)}, not an object")
        extra = {key: value for key, value in given.items() if key not in fields}
        order = (*(self.order or self.json()), *fields)
        return dataclasses.replace(self, **{"extra": extra, **fields, "order": tuple(dict.fromkeys(order))})

    def __repr__(self) -> str:
        told = {key: _plain(self.__dict__[key]) for key in (*self._KINDS, "extra")}
        shown = (f"{key}={value!r}" for key, value in told.items() if value not in (None, [], {}))
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:  # a view of a mapping cannot be pickled
        return type(self).from_json, (self.json(),)

    def _empty(self, key: str) -> Any:
        return [] if self.__dict__.get(key) == () else {} if self.__dict__.get(key) == {} else None

    def _put(self, **fields: Any) -> None:
        self.__dict__.update(fields)


@dataclass(frozen=True, kw_only=True, repr=False)
class BenchmarkFacts(Told):
    """The benchmark that stood for the evaluations."""

    name: str | None = None
    """As in the literature, e.g. `NAS-Bench-201`."""
    source: str | None = None
    """`table`: measured; `surrogate`: modelled."""
    sha256: str | None = None
    """Hash of its content."""
    schedule: float | None = None
    """Epochs of a whole training."""
    reward: str | None = None
    """What the optimizer was told: `mean` of the seeds, or that of one `seed`."""
    early_epochs: str | None = None
    """`modelled` where what stands below the schedule was not measured."""
    validation_seconds: str | None = None
    """`modelled` where the seconds of validations, a part of every trial's time, were not measured."""
    modelled_share: float | None = None
    """Of all trials, those that were told a modelled value."""
    resumed: bool | None = None
    """Whether a configuration that went on to a higher budget paid for the new epochs only."""

    _KINDS: ClassVar[Mapping[str, Kinds]] = {
        **dict.fromkeys(("name", "source", "sha256"), TEXT),
        "schedule": NUMBER,
        **dict.fromkeys(("reward", "early_epochs", "validation_seconds"), TEXT),
        "modelled_share": NUMBER,
        "resumed": (bool, NoneType),
    }
    _WHERE = "metadata: benchmark: "


@dataclass(frozen=True, kw_only=True, repr=False)
class Reported(Told):
    """A trial column that was measured for each configuration and not shown to the optimizer."""

    name: str = ""
    """What it is called."""
    column: str = ""
    """The column `extra:<column>`."""
    optimum: float | None = None
    """The best that the task has, if it is known; regret is against it."""
    unit: str | None = None
    """Its unit."""

    _KINDS: ClassVar[Mapping[str, Kinds]] = {"name": (str,), "column": (str,), "optimum": NUMBER, "unit": TEXT}
    _WHERE = "metadata: reporting: "


@dataclass(frozen=True, kw_only=True, repr=False)
class Provenance(Told):
    """Where a run comes from and under what it was made; None and empty where the log does not say.

    Texts that a log writes as numbers become texts, and an empty text says nothing. A seed or a number of workers that
    is written as a float is that whole number; whatever else it is (a text, 2.5, 2**63, no worker) is kept in `extra`
    and not known. Everything else of another type is refused.

    Raises:
        EncaveError: a value is of another type or cannot be; the message names the key.

    Example:
        >>> encave.Provenance(task="cifar10", seed=3.0).seed
        3
        >>> encave.Provenance.from_json({"seed": "none", "facade": "HPO"}).extra["seed"]
        'none'
    """

    group: str | None = None
    """Label of the optimizer."""
    task: str | None = None
    """Name of the task."""
    seed: int | None = None
    """Seed of the optimizer."""
    common_start: bool | None = None
    """Whether what it draws for a seed begins as what others draw for it."""
    workers: int | None = None
    """Evaluations at a time, at least 1."""
    limit: Mapping[str, float] = field(default_factory=_nothing)
    """Where it was to stop: `simulated_seconds` or `evaluations` → how many."""
    benchmark: BenchmarkFacts | None = None
    """The benchmark that stood for the evaluations."""
    compared_by: str | None = None
    """The objective by which a person said that its runs of several are compared."""
    reporting: tuple[Reported, ...] = ()
    """What to report of its trials instead of the objective."""
    overhead_seconds: float | None = None
    """Seconds that the optimizer itself took."""
    evaluations: int | None = None
    """How many evaluations it made in all."""
    improvements_only: bool | None = None
    """Whether its log has fewer trials than it made evaluations."""
    seed_from: str | None = None
    """The name of a folder, file or study from which the seed was taken, in words."""
    said: tuple[str, ...] = ()
    """What `report.toml` says of it: `optimizer`, `task`, `seed`, `scale`."""
    label_from: str | None = None
    """The word of the path or the study from which the label was taken."""
    label_where: str | None = None
    """Where that word stands: `folder`, `file's name`, `study's name`."""
    library: str | None = None
    """The library that wrote the log, where the label is not its name."""
    study: str | None = None
    """What the library calls the run."""
    settings: Mapping[str, JSON] = field(default_factory=_nothing)
    """Settings of the optimizer."""
    source_release: str | None = None
    """Release of the library that wrote the log."""
    encave: str | None = None
    """Release of encave that read it."""
    accounting: Mapping[str, int] = field(default_factory=_nothing)
    """Trials `read`, `written`, `merged` and `dropped`."""
    source: str | None = None
    """Path of the log."""
    source_format: str | None = None
    """Format of the log, as `encave convert` calls it."""
    fingerprint: str | None = None
    """Hash of all that the conversion depends on."""

    _KINDS: ClassVar[Mapping[str, Kinds]] = {
        **dict.fromkeys(("group", "task", "seed"), SCALAR),
        "common_start": (bool, NoneType),
        "workers": SCALAR,
        "limit": (Mapping, NoneType),
        "benchmark": (Mapping, BenchmarkFacts, NoneType),
        "reporting": (list, tuple, NoneType),
        "overhead_seconds": NUMBER,
        "evaluations": (int, NoneType),
        "improvements_only": (bool, NoneType),
        **dict.fromkeys(("compared_by", "label_from", "label_where", "library", "study", "seed_from"), SCALAR),
        "said": (list, tuple, NoneType),
        "settings": (Mapping, NoneType),
        **dict.fromkeys(("source_release", "encave"), SCALAR),
        "accounting": (Mapping, NoneType),
        **dict.fromkeys(("source", "source_format", "fingerprint"), SCALAR),
    }
    _WHERE = "metadata: "
    _TEXTS: ClassVar = tuple(key for key, kinds in _KINDS.items() if kinds is SCALAR and key not in _WHOLE)

    def __post_init__(self) -> None:
        given: dict[str, Any] = dict(self.__dict__)
        super().__post_init__()
        self._put(
            **{key: None if given[key] == "" else str(given[key]) for key in self._TEXTS if given[key] is not None}
        )
        self._put(**{key: MappingProxyType(dict(given[key] or {})) for key in ("limit", "settings", "accounting")})
        if is_object(given["benchmark"]):
            self._put(benchmark=BenchmarkFacts.from_json(given["benchmark"]) if given["benchmark"] else None)
        self._put(reporting=tuple(map(_reported, given["reporting"] or ())), said=tuple(map(str, given["said"] or ())))
        for key, least in _WHOLE.items():
            self._put_whole(key, given[key], least)
        self._check()

    def _put_whole(self, key: str, given: Any, least: int | None) -> None:
        whole = is_of(given, (int, float)) and -(1 << 63) <= given < 1 << 63 and given == given // 1
        known = whole and (least is None or given >= least)
        self._put(**{key: int(given) if known else None})
        if not known and given is not None:
            self._put(extra=MappingProxyType({**self.extra, key: given}))

    def _check(self) -> None:
        if not self.accounting.keys() <= _COUNTS or not all(map(_is_count, self.accounting.values())):
            raise EncaveError(f"metadata: accounting is {shown(dict(self.accounting))}, not counts of trials")
        if not all(is_of(value, (int, float)) for value in self.limit.values()):
            raise EncaveError(f"metadata: limit is {shown(dict(self.limit))}, not numbers")
        if self.evaluations is not None and not 0 <= self.evaluations < 1 << 63:
            raise EncaveError(f"metadata: evaluations is {self.evaluations}, not how many the run made")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and is_of(value, _COUNT) and 0 <= value < 1 << 63


def _reported(entry: Any) -> Reported:
    if isinstance(entry, Reported):
        return entry
    if not is_object(entry) or not {"name", "column"} <= entry.keys():
        raise EncaveError(f"metadata: reporting has {shown(entry)}, which names nothing to report")
    return Reported.from_json(entry)


def _finite(value: Any) -> Any:
    """The value with the texts `nan` and `inf` for numbers that JSON does not have, such as a setting of a log."""
    if is_object(value):
        return {key: _finite(one) for key, one in value.items()}
    if is_list(value):
        found = list(map(_finite, value))
        return tuple(found) if isinstance(value, tuple) else found
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    """A value as JSON writes it."""
    if isinstance(value, Told):
        return value.json()
    if is_object(value):
        return {key: _plain(one) for key, one in value.items()}
    return list(map(_plain, value)) if is_list(value) else value
