"""The one data model: a `Run` is what one optimizer did on one task with one seed.

A run holds two Arrow tables. `trials` has one row per evaluation: the columns of `TRIAL_SCHEMA`, those of
`OPTIONAL_SCHEMA` that have a value, `cost:<objective>` for each objective, and `extra:<name>` for whatever else the log
had. `configurations` has one row per configuration.
On disk both are one Parquet file with a JSON header beside it (`trials.parquet`, `run.json`), see `folder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from ..errors import EncaveError, check_choice, check_type
from . import configurations as space_columns
from . import trials as trial_columns
from .arrays import plain_numbers
from .columns import WORKED_OUT, RunColumns
from .fields import FIELDS, SPELT_OUT, checked_fields
from .header import Optimizer, check_space
from .incumbents import Incumbent, incumbent_of
from .joined import join
from .notes import Note
from .provenance import Provenance
from .saving import read_run, stored_fields, stored_header, write_run
from .spaces import shared_space
from .trials import Objective

if TYPE_CHECKING:
    import pandas as pd
    from ConfigSpace import ConfigurationSpace


class Run(RunColumns):
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
        if not hasattr(space, "to_serialized_dict"):
            raise EncaveError(f"the space of a run is one of ConfigSpace, not {type(space).__name__}")
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
        told, spelt_out = checked_fields(fields)
        self.__dict__.update(told)
        if spelt_out and SPELT_OUT not in self.notes:
            self.__dict__["notes"] = (*self.notes, SPELT_OUT)

    notes: tuple[Note, ...]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Run is read-only; make another with Run.replace({name}=…)")

    @classmethod
    def from_columns(
        cls,
        *,
        trials: Mapping[str, ArrayLike | pa.Array],
        configurations: Mapping[int, Mapping[str, object]] | pa.Table,
        space: ConfigurationSpace,
        objectives: Sequence[Objective],
        name: str,
        optimizer: Optimizer,
        budget_name: str | None = None,
        inferred_space: bool = False,
        provenance: Provenance | None = None,
        notes: Iterable[Note] = (),
    ) -> Run:
        """Build a run from columns; columns of `TRIAL_SCHEMA` that are missing become null, trial ids 0, 1, 2, ….

        Args:
            trials: Column name → values, all of one length, or a data frame of pandas; None means null, and so does
                NaN in numpy and pandas columns other than start and end.
            configurations: config_id → hyperparameter → value, or a ready table.
            space: The configuration space.
            objectives: The objectives, whose values are in the columns `cost:<name>`.
            name: As for `Run`, like the next five.
            optimizer: What proposed the configurations.
            budget_name: What the budget counts.
            inferred_space: Whether the space was inferred.
            provenance: Where it comes from.
            notes: What the conversion did.

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
        if not hasattr(trials, "items"):
            raise EncaveError(f'trials are like {{"config_id": [0, 1], …}}, not {type(trials).__name__}')
        table = trial_columns.build(dict(trials.items()))
        if not isinstance(configurations, pa.Table):
            wanted = 'like {0: {"lr": 0.1}, …}; of a list dict(enumerate(…)), of a data frame .to_dict("index")'
            check_type("what is given as configurations", configurations, Mapping, wanted)
            configurations = space_columns.build(space, configurations)
        return cls(
            name=name, optimizer=optimizer, space=space, objectives=objectives, trials=table,
            configurations=configurations, budget_name=budget_name, inferred_space=inferred_space,
            provenance=provenance, notes=notes,
        )  # fmt: skip

    @cached_property
    def space(self) -> ConfigurationSpace:
        """The configuration space: copy it before you change it, since runs whose spaces are the same share one.

        Raises:
            EncaveError: what was stored of it is damaged.

        Example:
            >>> len(runs[0].space)
            2
        """
        try:
            return shared_space(self.space_json)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            told = f"{type(error).__name__}: {error}"
            raise EncaveError(f"run {self.name}: its space is damaged ({told}). Convert the log again.") from error

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("space", WORKED_OUT)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(**state)

    def labelled(self, label: str) -> Run:
        """The run under another label.

        Raises:
            EncaveError: it is empty.

        Example:
            >>> runs[0].labelled("DEHB (ours)").label
            'DEHB (ours)'
        """
        if not str(label).strip():
            raise EncaveError(f"run {self.name}: a label is text, not {label!r}")
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

    def __repr__(self) -> str:
        size = f"{len(self)} trials of {self.configurations.num_rows} configurations"
        return f"Run({self.name!r}, {self.optimizer.name}, {size})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.header() == other.header() and self.same_trials(other)

    __hash__ = None  # type: ignore[assignment]

    def configuration(self, config_id: int) -> dict[str, Any]:
        """One configuration: hyperparameter → value, without the inactive ones.

        Raises:
            EncaveError: there is no such configuration.

        Example:
            >>> runs[0].configuration(0)
            {'first': 'tanh', 'second': 'tanh'}
        """
        rows = np.flatnonzero(plain_numbers(self.configurations[space_columns.CONFIG_ID]) == config_id)
        if not len(rows):
            raise EncaveError(f"run {self.name}: no configuration {config_id}")
        [row] = self.configurations.slice(int(rows[0]), 1).to_pylist()
        return space_columns.decode_by_json(self.space_json["hyperparameters"], row)

    def incumbent(self, objective: str | None = None) -> Incumbent | None:
        """The incumbent when the run ended; None without any.

        The best trial that is `able` at the highest budget that has one, the first of equals to end. Where
        configurations were evaluated on several instances or with several seeds, its value is a mean over them. It is
        what `incumbents.follow` ends with, as curves do.

        Example:
            >>> runs[0].incumbent().budget, runs[0].incumbent("size").trial_id
            (3.0, 15)
        """
        return incumbent_of(self, objective)

    def where(self, mask: ArrayLike) -> Run:
        """The run with only the trials for which `mask`, shape (n,), is true; the configurations stay.

        Raises:
            EncaveError: the mask has another shape, or no truth values.

        Example:
            >>> len(runs[0].where(runs[0].column("budget") == 3.0))
            15
        """
        wanted = np.asarray(mask)
        if wanted.shape != (len(self),) or not all(isinstance(one, bool) for one in wanted.tolist()):
            told = f"an array of {wanted.dtype} of shape {wanted.shape}"
            raise EncaveError(f"run {self.name}: a mask has a truth value for each of {len(self)} trials, not {told}")
        return self.replace(trials=self.trials.filter(pa.array(wanted.astype(bool))))

    def replace(self, **fields: object) -> Run:
        """The run with some fields replaced; not validated again, so for slices, names, provenance and notes only.

        Raises:
            EncaveError: a run has no such field.

        Example:
            >>> runs[0].replace(name="another").name
            'another'
        """
        for name in fields:
            check_choice("field of a run", name, sorted(FIELDS))
        other = object.__new__(Run)
        other.__dict__.update(self.__dict__)
        other.__dict__.pop(WORKED_OUT, None)
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
        write_run(Path(folder), self.header(), self.joined())

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
        header, table = read_run(folder, configurations=configurations)
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
        run = object.__new__(cls)
        run._set(**stored_fields(header, table, configurations=configurations))
        check_space(run.space_json, run.configurations)
        return run

    def header(self) -> dict[str, Any]:
        """All but the trials and the configurations that they use, as JSON.

        Example:
            >>> runs[0].header()["trials"]
            30
        """
        return stored_header(self)

    def joined(self) -> pa.Table:
        """Trials with the columns of their configurations appended as `config:<hyperparameter>`.

        Example:
            >>> runs[0].joined().column_names[-2:]
            ['config:first', 'config:second']
        """
        return join(self.trials, self.configurations)
