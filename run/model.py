"""The one data model: a `Run` is what one optimizer did on one task with one seed.

A run holds two Arrow tables. `trials` has one row per evaluation: the columns of `TRIAL_SCHEMA`, those of
`OPTIONAL_SCHEMA` that have a value, `cost:<objective>` for each objective, and `extra:<name>` for whatever else the log
had. `configurations` has one row per configuration.
On disk both are one Parquet file with a JSON header beside it (`trials.parquet`, `run.json`).
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from ..errors import EncaveError
from ..files.atomic import atomic_file, walk_folders
from ..files.parquet import check_footer
from ..files.unicode_text import is_unicode, spelt_out
from . import configurations as space_columns
from . import header as run_header
from . import trials as trial_columns
from .arrays import exact_array
from .equality import same_table
from .header import NoteKind, Optimizer, RunHeader
from .incumbents import completion_order, follow
from .intensification import evidence_of
from .provenance import Provenance
from .trials import COST, EXTRA, OPTIONAL_SCHEMA, TRIAL_SCHEMA, Objective, Status
from .types import Ints

if TYPE_CHECKING:
    import pandas as pd
    from ConfigSpace import ConfigurationSpace

TRIALS_FILE = "trials.parquet"
HEADER_FILE = "run.json"
FORMAT_VERSION = 1
UNKNOWN_RELEASE = "of unknown release"
"""Stands after an optimizer's label in the place of its version."""
CONFIG = "config:"  # prefix of a hyperparameter's column in the file
_FIELDS = frozenset(
    {"name", "optimizer", "objectives", "trials", "configurations", "budget_name", "inferred_space", "provenance"}
    | {"notes", "space_json"}
)


__all__ = [
    "CONFIG",
    "COST",
    "EXTRA",
    "HEADER_FILE",
    "OPTIONAL_SCHEMA",
    "TRIALS_FILE",
    "TRIAL_SCHEMA",
    "UNKNOWN_RELEASE",
    "Incumbent",
    "Note",
    "Objective",
    "Optimizer",
    "Run",
    "RunHeader",
    "Status",
    "find_runs",
    "split_configurations",
]


@dataclass(frozen=True)
class Note:
    """Something a reader of the run must know of the conversion.

    Example:
        >>> encave.Note("assumed", "seed taken from the folder's name", count=1).kind
        'assumed'
    """

    kind: NoteKind
    """merged, dropped: trials that were read but not written; assumed: a guess; derived: computed, not logged."""
    text: str
    """One sentence."""
    count: int = 0
    """Number of trials concerned; 0 where it concerns the whole run."""


_LARGEST = 1 << 34  # bytes of the trials of a run
_TOLD = ("name", "optimizer", "budget_name", "notes", "provenance")  # for people
_SPELT_OUT = Note("flagged", r"text that is no Unicode (half a letter) is spelt out, as in \ud800")


@dataclass(frozen=True)
class Incumbent:
    """The best feasible trial under a rule.

    Example:
        >>> runs[0].incumbent()
        Incumbent(trial_id=19, config_id=4, budget=3.0, value=1.196)
    """

    trial_id: int
    """Its trial, of several evaluations the latest."""
    config_id: int
    """Its configuration."""
    budget: float | None
    """Its budget."""
    value: float
    """Its objective value as logged, of several evaluations the mean."""


class Run(RunHeader):
    """One optimizer on one task with one seed. Read-only; cheap to slice.

    Args:
        name: Name shown to people.
        optimizer: What proposed the configurations.
        space: The configuration space, as ConfigSpace has it.
        objectives: At least one; the first is what the optimizer minimised or maximised.
        trials: Table in `TRIAL_SCHEMA`, with any columns of `OPTIONAL_SCHEMA`, a `cost:` column per objective and any
            `extra:` columns.
        configurations: Table of `config_id` and the hyperparameters, see `space_columns.build`.
        budget_name: What the budget counts, e.g. `epochs`.
        inferred_space: Whether the space was inferred from the values, since the log had none.
        provenance: Where it comes from and under what it was made: label, task, seed, benchmark, limit, source, …
        notes: What the conversion merged, dropped, derived or assumed.

    Raises:
        EncaveError: a value contradicts the model; the message names the trial or configuration.

    Example:
        >>> runs[0]
        Run('DEHB-mlp-seed0', DEHB, 30 trials of 15 configurations)
        >>> runs[0].objectives[1].unit, runs[0].budget_name
        ('MB', 'epochs')
    """

    def __init__(
        self,
        *,
        name: str,
        optimizer: Optimizer,
        space: ConfigurationSpace,
        objectives: Sequence[Objective],
        trials: pa.Table,
        configurations: pa.Table,
        budget_name: str | None = None,
        inferred_space: bool = False,
        provenance: Provenance | None = None,
        notes: Iterable[Note] = (),
    ) -> None:
        trial_columns.check_objectives(objectives)
        self._set(
            name=name,
            optimizer=optimizer,
            objectives=tuple(objectives),
            trials=trial_columns.ordered(trials, objectives),
            configurations=configurations.sort_by(space_columns.CONFIG_ID),
            budget_name=budget_name,
            inferred_space=inferred_space,
            provenance=provenance or Provenance(),
            notes=tuple(notes),
            space_json=space.to_serialized_dict(),
        )
        self.__dict__["space"] = space
        space_columns.check(space, self.configurations, may_miss=inferred_space)
        trial_columns.check(self.trials, self.objectives, self.configurations[space_columns.CONFIG_ID])

    def _set(self, **fields: Any) -> None:
        """Set fields: the one way of text into a run, so that whatever is made of it can be written."""
        if not is_unicode([asdict(one) for one in fields.get("objectives", ())]):
            raise EncaveError("the name or the unit of an objective holds text that is no Unicode (half a letter)")
        if not is_unicode(fields.get("space_json")):
            raise EncaveError("a hyperparameter or one of its values holds text that is no Unicode (half a letter)")
        told = {name: spelt_out(fields[name]) for name in _TOLD if name in fields}
        self.__dict__.update({**fields, **told})
        if any(told[name] != fields[name] for name in told) and _SPELT_OUT not in self.notes:
            self.__dict__["notes"] = (*self.notes, _SPELT_OUT)

    trials: pa.Table
    configurations: pa.Table
    notes: tuple[Note, ...]
    space_json: dict[str, Any]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Run is read-only; make another with Run.replace({name}=…)")

    @classmethod
    def from_columns(
        cls,
        *,
        trials: Mapping[str, ArrayLike | pa.Array],
        configurations: Mapping[int, Mapping[str, Any]] | pa.Table,
        space: ConfigurationSpace,
        objectives: Sequence[Objective],
        **fields: Any,
    ) -> Run:
        """Build a run from columns; columns of `TRIAL_SCHEMA` that are missing become null, trial ids 0, 1, 2, ….

        Args:
            trials: Column name → values, all of one length; None means null, and so does NaN in numpy and pandas
                columns other than start and end.
            configurations: config_id → hyperparameter → value, or a ready table.
            space: The configuration space.
            objectives: The objectives, whose values are in the columns `cost:<name>`.
            fields: The other arguments of `Run`.

        Raises:
            EncaveError: as `Run`.

        Example:
            >>> from ConfigSpace import ConfigurationSpace
            >>> run = encave.Run.from_columns(
            ...     name="mine",
            ...     optimizer=encave.Optimizer("Random"),
            ...     space=ConfigurationSpace({"lr": (0.0, 1.0)}),
            ...     objectives=[encave.Objective("loss")],
            ...     trials={"config_id": [0, 1], "status": ["success", "crashed"], "cost:loss": [0.5, None]},
            ...     configurations={0: {"lr": 0.1}, 1: {"lr": 0.9}},
            ... )
            >>> run.incumbent().value
            0.5
        """
        table = trial_columns.build(trials)
        if not isinstance(configurations, pa.Table):
            configurations = space_columns.build(space, configurations)
        return cls(trials=table, configurations=configurations, space=space, objectives=objectives, **fields)

    @cached_property
    def space(self) -> ConfigurationSpace:
        """The configuration space.

        Raises:
            EncaveError: what was stored of it is damaged.

        Example:
            >>> len(runs[0].space)
            2
        """
        from ConfigSpace import ConfigurationSpace

        try:
            return ConfigurationSpace.from_serialized_dict(copy.deepcopy(self.space_json))
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            told = f"{type(error).__name__}: {error}"
            raise EncaveError(f"run {self.name}: its space is damaged ({told}). Convert the log again.") from error

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "space"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(**state)

    def labelled(self, label: str) -> Run:
        """The run under another label.

        Example:
            >>> runs[0].labelled("DEHB (ours)").label
            'DEHB (ours)'
        """
        return self.replace(provenance=self.provenance.replace(group=label))

    def led_by(self, objective: str) -> Run:
        """The run with this objective first, by which runs are compared.

        Raises:
            EncaveError: there is no such objective.

        Example:
            >>> runs[0].led_by("size").objectives[0].name
            'size'
        """
        first = self.objective(objective)
        objectives = (first, *(one for one in self.objectives if one is not first))
        return self.replace(
            objectives=objectives,
            trials=trial_columns.ordered(self.trials, objectives),
            provenance=self.provenance.replace(compared_by=objective),
        )

    def __len__(self) -> int:
        return self.trials.num_rows

    def __repr__(self) -> str:
        size = f"{len(self)} trials of {self.configurations.num_rows} configurations"
        return f"Run({self.name!r}, {self.optimizer.name}, {size})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.header() == other.header() and self.same_trials(other)

    __hash__ = None  # type: ignore[assignment]

    def same_trials(self, other: Run) -> bool:
        """Whether both have the same trials and configurations, whatever else is known of them; NaN equals NaN.

        Example:
            >>> runs[0].same_trials(runs[0].labelled("DEHB (ours)")), runs[0].same_trials(runs[1])
            (True, False)
        """
        return same_table(self.trials, other.trials) and same_table(self.configurations, other.configurations)

    def column(self, name: str) -> NDArray[Any]:
        """One column of the trials as numpy, shape (n,); null is NaN in numbers and None in text.

        Raises:
            EncaveError: there is no such column.

        Example:
            >>> runs[0].column("end")[:3].tolist()
            [1.0, 2.0, 3.0]
        """
        if name not in self.trials.column_names:
            raise EncaveError(f"run {self.name}: no column {name!r}; there are {', '.join(self.trials.column_names)}")
        return self.trials[name].to_numpy()

    def cost(self, objective: str | None = None) -> NDArray[np.float64]:
        """Minimised value of an objective (default: the first), shape (n,): negated if more is better, NaN if none.

        Example:
            >>> runs[0].cost("size").shape
            (30,)
        """
        chosen = self.objective(objective)
        values = self.column(COST + chosen.name).astype(np.float64)
        return -values if chosen.direction == "maximize" else values

    def infeasible(self) -> NDArray[np.bool_]:
        """Whether each trial succeeded and is known to violate a constraint, shape (n,).

        Example:
            >>> int(runs[0].infeasible().sum())
            0
        """
        if "feasible" not in self.trials.column_names:
            return np.zeros(len(self), dtype=bool)
        wrong = pc.invert(pc.fill_null(self.trials["feasible"], True))
        return pc.and_(wrong, pc.equal(self.trials["status"].cast(pa.string()), Status.SUCCESS.value)).to_numpy()

    def able(self, objective: str | None = None) -> NDArray[np.bool_]:
        """Whether each trial may be the incumbent, shape (n,): it succeeded, and is not known to be infeasible.

        Every trial is an evaluation, whether it may be the incumbent or not.

        Example:
            >>> len(runs[0]), int(runs[0].able().sum())
            (30, 29)
        """
        return ~np.isnan(self.cost(objective)) & ~self.infeasible()

    def objective(self, name: str | None = None) -> Objective:
        """The objective of this name; the first without one.

        Raises:
            EncaveError: there is no such objective.

        Example:
            >>> runs[0].objective().name, runs[0].objective("size").unit
            ('loss', 'MB')
        """
        for objective in self.objectives:
            if name is None or objective.name == name:
                return objective
        raise EncaveError(f"run {self.name}: no objective {name!r}; there are {[o.name for o in self.objectives]}")

    @property
    def evaluation(self) -> NDArray[np.float64]:
        """How many evaluations the run had made when each trial ended, shape (n,); NaN where the log does not say.

        Example:
            >>> runs[0].evaluation.shape
            (30,)
        """
        known = "evaluation" in self.trials.column_names
        return self.column("evaluation").astype(np.float64) if known else np.full(len(self), np.nan)

    def spent(self) -> NDArray[np.float64]:
        """What each trial cost in units of its budget, shape (n,); NaN without a budget.

        Of a trial that continues another of the run at no higher budget that is the difference, else all of its budget.

        Example:
            >>> float(runs[0].spent().sum())
            60.0
        """
        budget = self.column("budget").astype(np.float64)
        if "continues" not in self.trials.column_names:
            return budget
        row = pc.index_in(self.trials["continues"], value_set=self.trials["trial_id"].combine_chunks())
        known = pc.is_valid(row).to_numpy()
        before = np.where(known, budget[pc.fill_null(row, 0).to_numpy()] if len(budget) else budget, 0.0)
        return budget - np.where(before <= budget, before, 0.0)  # no difference where a budget is not known

    @property
    def penalty(self) -> NDArray[np.float64]:
        """What each failed trial counts with where evaluations are averaged, shape (n,); as logged, NaN without.

        Example:
            >>> runs[0].penalty.shape
            (30,)
        """
        known = "penalty" in self.trials.column_names
        return self.column("penalty").astype(np.float64) if known else np.full(len(self), np.nan)

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """Names of the hyperparameters, in the order of the configurations' columns.

        Example:
            >>> runs[0].hyperparameters
            ('first', 'second')
        """
        return tuple(self.configurations.column_names[1:])

    @property
    def space_digest(self) -> str:
        """Hash of the names and ranges of the hyperparameters, whatever their order.

        Example:
            >>> runs[0].space_digest == runs[1].space_digest
            True
        """
        own = sorted(
            json.dumps(one, sort_keys=True, default=str) for one in self.space_json.get("hyperparameters") or ()
        )
        return hashlib.blake2b(json.dumps(own).encode(), digest_size=16).hexdigest()

    @property
    def budgets(self) -> tuple[float, ...]:
        """Budgets of the trials, ascending; empty if the optimizer knows none.

        Example:
            >>> runs[0].budgets
            (1.0, 3.0)
        """
        return tuple(sorted(pc.unique(self.trials["budget"].drop_null()).to_pylist()))

    def status_counts(self) -> dict[str, int]:
        """Status → number of trials, in the order of `Status`, without zeros.

        Example:
            >>> runs[0].status_counts()
            {'success': 29, 'crashed': 1}
        """
        counts = pc.value_counts(self.trials["status"].cast(pa.string())).to_pylist()
        counted = {entry["values"]: entry["counts"] for entry in counts}
        return {status.value: counted[status.value] for status in Status if status.value in counted}

    def configuration(self, config_id: int) -> dict[str, Any]:
        """One configuration: hyperparameter → value, without the inactive ones.

        Raises:
            EncaveError: there is no such configuration.

        Example:
            >>> runs[0].configuration(0)
            {'first': 'tanh', 'second': 'tanh'}
        """
        row = pc.index(self.configurations[space_columns.CONFIG_ID], config_id).as_py()
        if row < 0:
            raise EncaveError(f"run {self.name}: no configuration {config_id}")
        return space_columns.decode(self.space, self.configurations.slice(row, 1).to_pylist()[0])

    def incumbent(self, objective: str | None = None) -> Incumbent | None:
        """The incumbent when the run ended; None without any.

        The best trial that is `able` at the highest budget that has one, the earliest of equals. Where configurations
        were evaluated on several instances or with several seeds, it is the configuration that `incumbents.follow`
        ends with, and its value a mean.

        Example:
            >>> runs[0].incumbent().budget, runs[0].incumbent("size").trial_id
            (3.0, 15)
        """
        chosen, able = self.objective(objective), self.able(objective)
        if not able.any():
            return None
        if evidence_of(self) is not None:
            position = np.full(len(self), np.nan)
            order = completion_order(self)
            position[order] = np.arange(len(order))
            found = follow(self, position, ~np.isnan(position), objective=chosen.name)
            row, value = int(found.latest[-1]), float(found.values(self, COST + chosen.name)[-1])
        else:
            budget = np.nan_to_num(self.column("budget").astype(np.float64), nan=-np.inf)
            able &= budget == budget[able].max()
            row = int(np.flatnonzero(able)[np.argmin(self.cost(chosen.name)[able])])
            value = self.trials[COST + chosen.name][row].as_py()
        trial = self.trials.slice(row, 1).to_pylist()[0]
        return Incumbent(trial["trial_id"], trial["config_id"], trial["budget"], value)

    def where(self, mask: ArrayLike) -> Run:
        """The run with only the trials for which `mask`, shape (n,), is true; the configurations stay.

        Example:
            >>> len(runs[0].where(runs[0].column("budget") == 3.0))
            15
        """
        return self.replace(trials=self.trials.filter(pa.array(np.asarray(mask, dtype=bool))))

    def replace(self, **fields: Any) -> Run:
        """The run with some fields replaced; not validated again, so for slices, names, provenance and notes only.

        Raises:
            EncaveError: a run has no such field.

        Example:
            >>> runs[0].replace(name="another").name
            'another'
        """
        unknown = ", ".join(sorted(fields.keys() - _FIELDS))
        if unknown:
            raise EncaveError(f"a run has no {unknown}; its fields are {', '.join(sorted(_FIELDS))}")
        other = object.__new__(Run)
        other.__dict__.update(self.__dict__)
        other._set(**fields)
        return other

    def to_pandas(self) -> pd.DataFrame:
        """Trials joined with their configurations (`config:<hyperparameter>`), one row per trial.

        Example:
            >>> runs[0].to_pandas().shape
            (30, 14)
        """
        return self.joined().to_pandas()

    def save(self, folder: Path | str) -> None:
        """Write `trials.parquet` and `run.json` into `folder`, each atomically, the header last.

        Raises:
            EncaveError: the folder cannot be written.

        Example:
            >>> runs[0].save(folder / "run")
            >>> sorted(path.name for path in (folder / "run").iterdir())
            ['run.json', 'trials.parquet']
        """
        folder = Path(folder)
        with atomic_file(folder / TRIALS_FILE) as path:
            table = self.joined()
            # numbers hardly repeat: a dictionary of them costs more time and more room than it saves
            coded = [field.name for field in table.schema if not pa.types.is_primitive(field.type)]
            pq.write_table(table, path, compression="zstd", use_dictionary=coded)
        with atomic_file(folder / HEADER_FILE) as path:
            path.write_text(
                json.dumps(self.header(), indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
            )

    @classmethod
    def load(cls, folder: Path | str, *, configurations: bool = True) -> Run:
        """Read what `save` wrote.

        Args:
            folder: Where it is.
            configurations: Whether to read configurations; without them the table has their columns and no rows.

        Raises:
            EncaveError: a file is missing, damaged, of a newer format, or the two do not belong together.

        Example:
            >>> runs[0].save(folder / "run")
            >>> encave.Run.load(folder / "run") == runs[0]
            True
        """
        folder = Path(folder)
        if folder.is_dir() and not (folder / HEADER_FILE).exists() and (runs := find_runs(folder)):
            told = f"there are {len(runs)} in it: load {runs[0]}, or all with [Run.load(run) for run in find_runs(…)]"
            raise EncaveError(f"{folder} is not the folder of one run; {told}")
        header = _read_header(folder / HEADER_FILE)
        try:
            table = _read_table(folder / TRIALS_FILE, configurations=configurations)
        except (OSError, pa.ArrowException) as error:
            raise EncaveError(f"cannot read {folder / TRIALS_FILE}: {error}. Convert the log again.") from error
        try:
            return cls.from_joined(header, table, configurations=configurations)
        except EncaveError as error:
            raise EncaveError(f"{folder} is damaged: {error}. Convert the log again.") from error

    @classmethod
    def from_joined(cls, header: Mapping[str, Any], table: pa.Table, *, configurations: bool = True) -> Run:
        """The run of a `header()` and a `joined()` table that were stored.

        Args:
            header: As `header` gives it.
            table: As `joined` gives it.
            configurations: As for `load`.

        Raises:
            EncaveError: they contradict the model or each other; the message names the field or the trial.

        Example:
            >>> encave.Run.from_joined(runs[0].header(), runs[0].joined()) == runs[0]
            True
        """
        run_header.check_header(header)
        if table.num_rows != header["trials"]:
            raise EncaveError(f"the table has {table.num_rows} trials, {HEADER_FILE} says {header['trials']}")
        own = [name for name in table.column_names if not name.startswith(CONFIG)]
        objectives = tuple(Objective(**objective) for objective in header["objectives"])
        trials = trial_columns.ordered(table.select(own), objectives)
        trial_columns.check_types(trials)
        run = object.__new__(cls)
        run._set(
            name=header["name"],
            optimizer=Optimizer(**header["optimizer"]),
            objectives=objectives,
            trials=trials,
            configurations=split_configurations(
                table if configurations else table[:0],
                header["configurations_without_trials"] if configurations else [],
            ),
            budget_name=header["budget_name"],
            inferred_space=header["inferred_space"],
            provenance=Provenance.from_json(header["metadata"]),
            notes=tuple(Note(**note) for note in header["notes"]),
            space_json=header["space"],
        )
        run_header.check_space(run.space_json, run.configurations)
        trial_columns.check_values(trials, objectives)
        return run

    def header(self) -> dict[str, Any]:
        """All but the trials and the configurations that they use, as JSON.

        Example:
            >>> runs[0].header()["trials"]
            30
        """
        return {
            "encave_run": FORMAT_VERSION,
            "name": self.name,
            "optimizer": asdict(self.optimizer),
            "objectives": [asdict(objective) for objective in self.objectives],
            "budget_name": self.budget_name,
            "inferred_space": self.inferred_space,
            "metadata": self.provenance.json(),
            "notes": [asdict(note) for note in self.notes],
            "space": self.space_json,
            "trials": len(self),
            "configurations_without_trials": self._untried(),
        }

    def joined(self) -> pa.Table:
        """Trials with the columns of their configurations appended as `config:<hyperparameter>`.

        Example:
            >>> runs[0].joined().column_names[-2:]
            ['config:first', 'config:second']
        """
        ids = self.configurations[space_columns.CONFIG_ID].to_numpy()
        rows = pa.array(np.searchsorted(ids, self.trials["config_id"].to_numpy()))
        table = self.trials
        for name in self.configurations.column_names:
            if name != space_columns.CONFIG_ID:
                table = table.append_column(CONFIG + name, self.configurations[name].combine_chunks().take(rows))
        return table

    def _untried(self) -> list[dict[str, Any]]:
        tried = pc.is_in(self.configurations[space_columns.CONFIG_ID], value_set=pc.unique(self.trials["config_id"]))
        return self.configurations.filter(pc.invert(tried)).to_pylist()


def find_runs(path: Path) -> list[Path]:
    """Folders at or below `path` that hold a converted run, sorted; hidden folders are passed over.

    Links to folders are followed; a run to which several paths lead is found once.

    Raises:
        EncaveError: `path` is not a folder.
    """
    if not path.is_dir():
        raise EncaveError(f"{path} is not a folder")
    found: list[Path] = []
    for folder, subfolders, files in walk_folders(path):
        if HEADER_FILE in files and TRIALS_FILE in files:
            found.append(folder)
            subfolders.clear()
    return sorted(found)


def _read_table(path: Path, *, configurations: bool) -> pa.Table:
    """The columns of trials, and those of configurations, which may be without their values.

    Raises:
        EncaveError: it would unpack to more than any run has.
    """
    with pq.ParquetFile(path) as file:
        check_footer(file, path, _LARGEST)
        if configurations:
            return file.read()
        schema = file.schema_arrow
        table = file.read([name for name in schema.names if not name.startswith(CONFIG)], use_threads=False)
    for field in schema:
        if field.name.startswith(CONFIG):
            table = table.append_column(field.name, pa.nulls(table.num_rows, field.type))
    return table


def _read_header(path: Path) -> dict[str, Any]:
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        version = header["encave_run"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise EncaveError(f"cannot read {path}: {error}. It is not the header of a converted run.") from error
    if version is True or version != FORMAT_VERSION:
        raise EncaveError(f"{path} is of format {version}; this encave reads format {FORMAT_VERSION}. Update encave.")
    return header


def split_configurations(table: pa.Table, untried: list[dict[str, Any]]) -> pa.Table:
    """One row per configuration, ascending in id, from a table with one row per trial.

    Raises:
        EncaveError: a configuration without trials does not fit the columns, or is there twice.
    """
    given: Ints = table["config_id"].to_numpy()
    ids, first = np.unique(given, return_index=True)
    names = [name for name in table.column_names if name.startswith(CONFIG)]
    rows = pa.array(first)
    columns = {name.removeprefix(CONFIG): table[name].combine_chunks().take(rows) for name in names}
    configurations = pa.table({space_columns.CONFIG_ID: pa.array(ids, pa.int64()), **columns})
    if untried:
        return pa.concat_tables([configurations, _rows_like(untried, configurations)]).sort_by(space_columns.CONFIG_ID)
    return configurations


def _rows_like(untried: list[dict[str, Any]], configurations: pa.Table) -> pa.Table:
    """Configurations without trials as rows below `configurations`."""
    try:
        columns = {
            field.name: exact_array([row[field.name] for row in untried], field.type) for field in configurations.schema
        }
    except (LookupError, TypeError, EncaveError) as error:
        raise EncaveError(f"configurations_without_trials do not fit the space: {error}") from error
    rest = pa.table(columns)
    ids, known = rest[space_columns.CONFIG_ID], configurations[space_columns.CONFIG_ID]
    if ids.null_count or pc.count_distinct(ids).as_py() < len(ids) or pc.any(pc.is_in(ids, value_set=known)).as_py():
        raise EncaveError("configurations_without_trials have an id twice, or that of one with trials")
    return rest
