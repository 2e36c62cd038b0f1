"""Which of SMAC's searches made a log: its facade, or what the origins of configurations and the budgets tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...parts.searcher import RANDOM_SEARCH, SEARCHES, Searcher, searcher
from .files import Scenario

_FACADES = {"HyperparameterOptimization": "HPO", "AlgorithmConfiguration": "AC", "MultiFidelity": "Multi-Fidelity"}
_NAMED = {
    "Multi-Fidelity": "mf|multi[^0-9a-z]*fidelity",
    "Hyperband": SEARCHES["Hyperband"],
    "BOHB": SEARCHES["BOHB"],
    "Random": RANDOM_SEARCH,
    "BlackBox": "black[^0-9a-z]*box",
    "ROAR": "roar",
}
_ENOUGH = 10  # random configurations in a row that a model with SMAC's usual interleaving would hardly leave


def searched_by(path: Path, scenario: Scenario, origins: Iterable[object], budgets: Iterable[float | None]) -> Searcher:
    """The search: the facade of the scenario, else as origins and budgets tell, else as folders are called."""
    facade = scenario.facade
    if facade is not None:
        short = facade.removesuffix("Facade")
        return searcher("SMAC", path, _FACADES.get(short, short))
    several = len({budget for budget in budgets if budget is not None and budget == budget}) > 1
    return searcher("SMAC", path, _of_origins([str(origin) for origin in origins], several=several), known=_NAMED)


def _of_origins(origins: list[str], *, several: bool) -> str | None:
    """The facade that origins tell of; None where they are silent, or where several facades make the same."""
    model = any("Local Search" in origin or "(sorted)" in origin for origin in origins)
    drawn = sum(origin.endswith("Random Search") for origin in origins)
    if model:
        return "Multi-Fidelity" if several else None
    return ("Hyperband" if several else "Random") if drawn >= _ENOUGH else None
