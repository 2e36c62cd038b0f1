"""How many trials a limit pays for, which some optimizers want to know beforehand."""

from __future__ import annotations

import math

import numpy as np

from ..benchmarks.nasbench201.task import Task
from .limit import Limit


def affordable_trials(limit: Limit, task: Task, epochs: float, workers: int = 1) -> int:
    """Trials up to a limit, at least 1: its evaluations, or its time over the mean cost of an architecture.

    Args:
        limit: Where the run stops.
        task: What is searched.
        epochs: Of a trial, on average.
        workers: Simulated workers, which share the time.
    """
    if limit.evaluations is not None:
        return limit.evaluations
    each = float(np.nanmean(epochs * task.train_seconds_per_epoch + task.valid_seconds))
    return max(1, int((limit.simulated_seconds or 0.0) * workers / each))


def mean_budget(low: float, high: float, eta: float) -> float:
    """Mean budget of the trials of all of Hyperband's brackets (Li et al., JMLR 2018, algorithm 1).

    Args:
        low: Least budget, above 0.
        high: Greatest budget.
        eta: One of so many trials goes on to the next budget, which is so many times as large.
    """
    most = int(math.log(high / low) / math.log(eta) + 1e-9)
    trials = spent = 0.0
    for bracket in range(most, -1, -1):
        started = math.ceil((most + 1) / (bracket + 1) * eta**bracket)
        for rung in range(bracket + 1):
            count = int(started * eta**-rung + 1e-9)
            trials += count
            spent += count * high * eta ** (rung - bracket)
    return spent / trials
