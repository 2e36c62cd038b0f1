"""Several runs: a sequence that can be labelled and filtered, with a row for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, overload

from ...errors import check_choice, check_number, check_type
from ...run import Run
from ...run.several import several_runs
from ...run.tabular import Tabular
from ..grouping.sections import view_runs
from ..grouping.tasks import UNNAMED

if TYPE_CHECKING:
    import pyarrow as pa

    from ...run.provenance import JSON


class _Compared(NamedTuple):
    """Under what a run is compared."""

    label: str
    task: str
    title: str
    """The task, with what tells it from another section of it."""


class Runs(Tabular, Sequence[Run]):
    """Runs of any origin, in the order in which they were found. Read-only; slices are `Runs` too.

    Args:
        runs: The runs.
        refused: Where a log could not be read → why.
        passed_over: What was not read, see `passed_over`.

    Example:
        >>> encave.Runs([]).where(task="mlp")
        Runs(0 runs)
        >>> encave.Runs("runs/")
        Traceback (most recent call last):
            ...
        encave.errors.EncaveError: 'runs/' is no list of runs; encave.read('runs/') reads those that are there

    Raises:
        EncaveError: something else than runs is given.
    """

    def __init__(
        self,
        runs: Iterable[Run],
        refused: Mapping[str, str] | None = None,
        passed_over: Iterable[Mapping[str, JSON]] = (),
    ) -> None:
        self._runs = several_runs(runs)
        self.refused: Mapping[str, str] = dict(refused or {})
        """Where a log could not be read → why."""
        self.passed_over: tuple[Mapping[str, JSON], ...] = tuple(passed_over)
        """What looks like a log, a table or a tracker's folder and was not read: `kind`, `count`, `example`, `way_in`.

        As `passed_over` of `encave inspect --json`.
        """

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, place: int) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> Runs: ...
    def __getitem__(self, place: int | slice) -> Run | Runs:
        found = self._runs[place]
        return found if isinstance(found, Run) else self._with(found)

    def __add__(self, other: Iterable[Run]) -> Runs:
        if not isinstance(other, Runs):
            return self._with((*self, *several_runs(other)))
        passed = [*self.passed_over, *(each for each in other.passed_over if each not in self.passed_over)]
        return Runs((*self, *other), {**self.refused, **other.refused}, passed)

    def __radd__(self, other: Iterable[Run]) -> Runs:
        return self._with((*several_runs(other), *self))

    def _with(self, runs: Iterable[Run]) -> Runs:
        """Runs from the same sources."""
        return Runs(runs, self.refused, self.passed_over)

    def __repr__(self) -> str:
        told = f"{len(self)} run{'' if len(self) == 1 else 's'}"
        labels = list(dict.fromkeys(run.label for run in self))
        return f"Runs({told}{' of ' if labels else ''}{', '.join(labels[:5])}{', …' if len(labels) > 5 else ''})"

    @cached_property
    def _compared(self) -> tuple[_Compared | None, ...]:
        """Under what each run is compared; None for a copy of another."""
        sections = view_runs(self._runs).sections if self._runs else ()
        found = {
            id(run): _Compared(group.optimizer, section.task, section.title)
            for section in sections
            for group in section.groups
            for run in group.runs
        }
        return tuple(found.get(id(run)) for run in self._runs)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks as they are compared, sorted, as `tasks` of `encave.compare(runs)`.

        Example:
            >>> runs.tasks
            ('forest', 'mlp')
        """
        return tuple(sorted({one.title for one in self._compared if one}))

    @property
    def optimizers(self) -> tuple[str, ...]:
        """The labels as they are compared, sorted, as `optimizers` of `encave.compare(runs)`.

        Example:
            >>> runs.optimizers
            ('DEHB', 'Random', 'SMAC')
        """
        return tuple(sorted({one.label for one in self._compared if one}))

    def label(self, names: Mapping[str, str] | Callable[[Run], str]) -> Runs:
        """The runs under other labels, by which they are grouped into optimizers.

        Args:
            names: Label that a run has, or is compared under, in any case → label that it gets (others stay), or what
                gives a run its label.

        Raises:
            EncaveError: no run has one of the labels, or a new one is empty.

        Example:
            >>> runs.label({"dehb": "DEHB (ours)"})
            Runs(36 runs of DEHB (ours), SMAC, Random)
        """
        if callable(names):
            return self._with(run.labelled(names(run)) for run in self)
        check_type("what is given to label", names, Mapping, 'like {"DEHB": "DEHB (ours)"}, or a function of a run')
        known = self._labels_of(names)
        new = {known[name]: label for name, label in names.items()}
        found = zip(self, self._labelled(frozenset(new)), strict=True)
        return self._with(run if label is None else run.labelled(new[label]) for run, label in found)

    def led_by(self, objective: str) -> Runs:
        """The runs with this objective first, by which they are compared.

        Raises:
            EncaveError: a run has no such objective.

        Example:
            >>> set(runs.led_by("size").table()["objective"].to_pylist())
            {'size'}
        """
        return self._with(run.led_by(objective) for run in self)

    def where(
        self,
        keep: Callable[[Run], bool] | None = None,
        *,
        optimizer: str | Iterable[str] | None = None,
        task: str | Iterable[str] | None = None,
        seed: int | Iterable[int] | None = None,
    ) -> Runs:
        """Those of the runs that are wanted.

        Names are those that runs have and those under which they are compared, where folders tell the task of logs that
        name none, or runs of one label are kept apart, in any case where only one can be meant. Runs that are found by
        such a name bear it from then on.

        Args:
            keep: Says of a run whether it is.
            optimizer: Labels.
            task: Tasks.
            seed: Seeds; of those that no run has there is none.

        Raises:
            EncaveError: no run has one of the labels or tasks, or a seed is no number.

        Example:
            >>> runs.where(task="mlp", seed=range(3))
            Runs(9 runs of DEHB, SMAC, Random)
            >>> len(runs.where(lambda run: run.incumbent().value < 1.2))
            12
        """
        if not len(self):
            return self
        kept = [keep is None or keep(run) for run in self]
        seeds = None if seed is None else _seeds(seed)
        labels = (
            [run.label for run in self]
            if optimizer is None
            else self._labelled(frozenset(self._labels_of(_words(optimizer)).values()))
        )
        runs = self if task is None else self._on(_words(task))
        found = (
            run if run.label == label else run.labelled(label)
            for run, label, wanted in zip(runs, labels, kept, strict=True)
            if wanted and run is not None and label is not None and (seeds is None or run.seed in seeds)
        )
        return self._with(found)

    def _labels_of(self, wanted: Iterable[str]) -> dict[str, str]:
        """Each of these names → the label that it stands for, which runs have or are compared under.

        Raises:
            EncaveError: no run has one of them.
        """
        known = {run.label for run in self}
        if not known.issuperset(wanted):
            known |= {one.label for one in self._compared if one}
        return _meant("run of the label", wanted, known)

    def _labelled(self, wanted: frozenset[str]) -> Iterator[str | None]:
        """Of each run, which of these labels it has or is compared under; None: none of them."""
        compared = self._compared if wanted - {run.label for run in self} else [None] * len(self)
        for run, one in zip(self, compared, strict=True):
            label = run.label if one is None or run.label in wanted else one.label
            yield label if label in wanted else None

    def _on(self, wanted: frozenset[str]) -> Iterator[Run | None]:
        """Each run if it is on one of these tasks, with the task's name where only its folder tells it; else None.

        Raises:
            EncaveError: no run is on one of them.
        """
        own = {run.task for run in self if run.task}
        named = all(run.task for run in self) and not wanted - own
        compared = [None] * len(self) if named else self._compared
        known = own.union(*((one.task, one.title) for one in compared if one))
        wanted = frozenset(_meant("run on the task", wanted, known).values())
        for run, one in zip(self, compared, strict=True):
            told = one is not None and bool({one.task, one.title} & wanted)
            if one is None or run.task in wanted or run.task or one.task.startswith(UNNAMED):
                yield run if told or run.task in wanted else None
            else:
                yield run.replace(provenance=run.provenance.replace(task=one.task)) if told else None

    def table(self) -> pa.Table:
        """One row per run.

        `run`: its name; `optimizer`: its label; `version`: of the optimizer's package; `task`: as its
        log says, else as it is compared; `seed`; `objective`: the
        first, `direction`; `trials`; `successes`; `configurations`; `incumbent`: its value as logged; `source`: where
        it was read.

        Example:
            >>> runs.table().select(["optimizer", "task", "seed", "trials"]).to_pylist()[0]
            {'optimizer': 'DEHB', 'task': 'mlp', 'seed': 0, 'trials': 30}
        """
        import pyarrow as pa

        text, number = pa.string(), pa.int64()
        kinds = {
            "run": text, "optimizer": text, "version": text, "task": text, "seed": number, "objective": text,
            "direction": text, "trials": number, "successes": number, "configurations": number,
            "incumbent": pa.float64(), "source": text,
        }  # fmt: skip
        compared = [None] * len(self) if all(run.task for run in self) else self._compared
        tasks = (run.task or (one and one.title) for run, one in zip(self, compared, strict=True))
        rows = [_row(run) | {"task": task} for run, task in zip(self, tasks, strict=True)]
        return pa.Table.from_pylist(rows, schema=pa.schema(kinds))


def _meant(what: str, wanted: Iterable[str], known: set[str]) -> dict[str, str]:
    """Each name → the known one that it is, or is in other cases if only one is.

    Raises:
        EncaveError: it is none.
    """
    found: dict[str, str] = {}
    for name in wanted:
        alike = [one for one in known if one.casefold() == str(name).casefold()]
        if name not in known and len(alike) != 1:
            check_choice(what, name, sorted(known))
        found[name] = name if name in known else alike[0]
    return found


def _words(wanted: str | Iterable[str]) -> frozenset[str]:
    return frozenset([wanted]) if isinstance(wanted, str) else frozenset(wanted)


def _seeds(wanted: int | Iterable[int]) -> frozenset[float]:
    """Seeds of which a run has one; those that a data frame has as 3.0 are 3.

    Raises:
        EncaveError: one is no number.
    """
    seeds: list[object] = list(wanted) if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]
    for seed in seeds:
        check_number("a seed", seed)
    return frozenset(map(float, seeds))  # type: ignore[arg-type]


def _row(run: Run) -> dict[str, str | int | float | None]:
    best = run.incumbent()
    return {
        "run": run.name,
        "optimizer": run.label,
        "version": run.optimizer.version,
        "task": run.task,
        "seed": run.seed,
        "objective": run.objectives[0].name,
        "direction": run.objectives[0].direction,
        "trials": len(run),
        "successes": run.status_counts().get("success", 0),
        "configurations": run.configurations.num_rows,
        "incumbent": None if best is None else best.value,
        "source": run.provenance.source,
    }
