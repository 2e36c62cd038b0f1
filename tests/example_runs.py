"""The runs of the examples in docstrings: three optimizers on two tasks with six seeds, small and made by hand."""

from __future__ import annotations

import numpy as np
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

from encave.analysis.tables.runs import Runs
from encave.run import Objective, Optimizer, Provenance, Run

_WORSE = {"DEHB": 0.0, "SMAC": 0.3, "Random": 2.0}


def example_run(optimizer: str, task: str, seed: int) -> Run:
    """A run of thirty trials at two budgets, in two objectives, over two choices of four."""
    rng = np.random.default_rng([ord(optimizer[0]), len(task), seed])
    space = ConfigurationSpace()
    space.add([CategoricalHyperparameter(name, ("tanh", "relu", "selu", "gelu")) for name in ("first", "second")])
    configurations = {
        i: {"first": space["first"].choices[i // 4], "second": space["second"].choices[i % 4]} for i in range(15)
    }
    loss = np.round(np.tile(rng.uniform(1, 2, size=15), 2) + rng.uniform(0, 0.1, size=30) + _WORSE[optimizer], 3)
    loss[:2] += 40  # what curves begin with
    return Run.from_columns(
        name=f"{optimizer}-{task}-seed{seed}",
        optimizer=Optimizer(optimizer, "1.0"),
        space=space,
        objectives=[Objective("loss"), Objective("size", unit="MB")],
        trials={
            "config_id": np.arange(30) % 15,
            "budget": np.repeat([1.0, 3.0], 15),
            "status": np.where(np.arange(30) == 4, "crashed", "success"),
            "cost:loss": np.where(np.arange(30) == 4, np.nan, loss),
            "cost:size": np.where(
                np.arange(30) == 4, np.nan, np.round(30 - 5 * loss / loss.max() + rng.uniform(size=30), 1)
            ),
            "end": np.arange(1.0, 31.0),
        },
        configurations=configurations,
        budget_name="epochs",
        provenance=Provenance(task=task, seed=seed, compared_by="loss"),
    )


def example_runs() -> Runs:
    """All of them."""
    return Runs(example_run(label, task, seed) for label in _WORSE for task in ("mlp", "forest") for seed in range(6))
