"""Several runs: a sequence that can be labelled and filtered, with a row for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from ..errors import EncaveError
from .model import Run
from .tabular import Tabular

if TYPE_CHECKING:
    import pyarrow as pa

Wanted = str | int | Iterable[str | int]
"""One value, or several of which one must be there."""


class Runs(Tabular, Sequence[Run]):
    """Runs of any origin, in the order in which they were found. Read-only; slices are `Runs` too.

    Args:
        runs: The runs.
        refused: Where a log could not be read → why.
        passed_over: What was not read, see `passed_over`.

    Example:
        >>> encave.Runs([]).where(task="mlp")
        Runs(0 runs)
    """

    def __init__(
        self,
        runs: Iterable[Run],
        refused: Mapping[str, str] | None = None,
        passed_over: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self._runs = tuple(runs)
        self.refused: Mapping[str, str] = dict(refused or {})
        """Where a log could not be read → why."""
        self.passed_over: tuple[Mapping[str, Any], ...] = tuple(passed_over)
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

    def __add__(self, other: Runs) -> Runs:
        passed = [*self.passed_over, *(each for each in other.passed_over if each not in self.passed_over)]
        return Runs((*self, *other), {**self.refused, **other.refused}, passed)

    def _with(self, runs: Iterable[Run]) -> Runs:
        """Runs from the same sources."""
        return Runs(runs, self.refused, self.passed_over)

    def __repr__(self) -> str:
        told = f"{len(self)} run{'' if len(self) == 1 else 's'}"
        labels = list(dict.fromkeys(run.label for run in self))
        return f"Runs({told}{' of ' if labels else ''}{', '.join(labels[:5])}{', …' if len(labels) > 5 else ''})"

    def label(self, names: Mapping[str, str] | Callable[[Run], str]) -> Runs:
        """The runs under other labels, by which they are grouped into optimizers.

        Args:
            names: Label that a run has → label that it gets (others stay), or what gives a run its label.

        Raises:
            EncaveError: no run has one of the labels.

        Example:
            >>> runs.label({"DEHB": "DEHB (ours)"})
            Runs(36 runs of DEHB (ours), SMAC, Random)
        """
        if not callable(names):
            unknown = sorted(set(names) - {run.label for run in self})
            if unknown:
                known = ", ".join(sorted({run.label for run in self})) or "none, since there is no run"
                raise EncaveError(f"no run has the label {', '.join(map(repr, unknown))}; there are {known}")
            return self._with(run.labelled(names.get(run.label, run.label)) for run in self)
        return self._with(run.labelled(names(run)) for run in self)

    def where(
        self,
        keep: Callable[[Run], bool] | None = None,
        *,
        optimizer: Wanted | None = None,
        task: Wanted | None = None,
        seed: Wanted | None = None,
    ) -> Runs:
        """Those of the runs that are wanted.

        Args:
            keep: Says of a run whether it is.
            optimizer: Labels.
            task: Tasks.
            seed: Seeds.

        Example:
            >>> runs.where(task="mlp", seed=range(3))
            Runs(9 runs of DEHB, SMAC, Random)
            >>> len(runs.where(lambda run: run.incumbent().value < 1.2))
            12
        """
        wanted = [(attribute, _several(value)) for attribute, value in _given(optimizer, task, seed)]
        return self._with(
            run
            for run in self
            if (keep is None or keep(run)) and all(getattr(run, name) in values for name, values in wanted)
        )

    def table(self) -> pa.Table:
        """One row per run.

        `run`: its name; `optimizer`: its label; `version`: of the optimizer's package; `task`; `seed`; `objective`: the
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
        return pa.Table.from_pylist([_row(run) for run in self], schema=pa.schema(kinds))


def _given(optimizer: Wanted | None, task: Wanted | None, seed: Wanted | None) -> list[tuple[str, Wanted]]:
    pairs = (("label", optimizer), ("task", task), ("seed", seed))
    return [(name, value) for name, value in pairs if value is not None]


def _several(wanted: Wanted) -> frozenset[str | int]:
    return frozenset([wanted]) if isinstance(wanted, str | int) else frozenset(wanted)


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
