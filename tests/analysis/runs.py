"""Runs over a space of any kind from configurations and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import ArrayLike

from encave.run import Objective, Optimizer, Run


def run_over(
    space: ConfigurationSpace,
    configurations: Sequence[Mapping[str, Any]],
    costs: ArrayLike,
    direction: str = "minimize",
    **columns: Any,
) -> Run:
    """A run whose i-th trial is of the i-th configuration, unless `config_id` is given; NaN: the trial crashed."""
    values = np.asarray(costs, dtype=float)
    trials = {
        "config_id": np.arange(len(values)),
        "status": ["success" if np.isfinite(value) else "crashed" for value in values],
        "cost:loss": np.where(np.isfinite(values), values, np.nan),
    }
    return Run.from_columns(
        name="toy",
        optimizer=Optimizer("random"),
        space=space,
        objectives=[Objective("loss", direction)],  # type: ignore[arg-type]
        trials=trials | columns,
        configurations=dict(enumerate(configurations)),
    )
