"""What encave's Optuna optimizers need of Optuna: distributions of a space, and a journal that a seed determines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection

from ....errors import EncaveError
from ....run import configurations

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace


def distributions(space: ConfigurationSpace) -> dict[str, BaseDistribution]:
    """The space's hyperparameters as Optuna's distributions.

    Raises:
        EncaveError: it has conditions, forbidden combinations, or a hyperparameter that is no choice and no uniform
            number.
    """
    if space.conditions or space.forbidden_clauses:
        raise EncaveError(f"{space.name!r} has conditions or forbidden combinations, which Optuna's ask does not take")
    return {name: _distribution(name, hyperparameter) for name, hyperparameter in space.items()}


def _distribution(name: str, hyperparameter: Any) -> BaseDistribution:
    from ConfigSpace import UniformFloatHyperparameter, UniformIntegerHyperparameter

    choices = configurations.choices(hyperparameter)
    if choices is not None:
        return CategoricalDistribution(list(choices))
    kinds = {UniformFloatHyperparameter: FloatDistribution, UniformIntegerHyperparameter: IntDistribution}
    if type(hyperparameter) not in kinds:
        raise EncaveError(f"{name} is a {type(hyperparameter).__name__}, which Optuna has not")
    return kinds[type(hyperparameter)](hyperparameter.lower, hyperparameter.upper, log=hyperparameter.log)


class _OneWriter(JournalFileBackend):
    """A journal that only this process writes: without a lock, and without waiting for the disk at every trial."""

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = (json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with Path(self._file_path).open("ab") as file:
            file.write("".join(lines).encode())


class _Name(str):
    """A writer's name that stays as it is when Optuna appends the number of the thread."""

    __slots__ = ()

    def __add__(self, thread: str) -> str:
        return str(self)


def create_journal(path: Path, seed: int, directions: Sequence[StudyDirection]) -> optuna.Study:
    """An empty study in a new journal; its writer is named after the seed, so that a run always has the same bytes."""
    storage: Any = JournalStorage(_OneWriter(str(path)))
    storage._replay_result._worker_id_prefix = _Name(f"seed-{seed}")
    return optuna.create_study(study_name="encave", storage=storage, directions=directions)
