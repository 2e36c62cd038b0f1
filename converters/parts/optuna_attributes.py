"""What names and the system attributes of Optuna's studies and trials tell of the sampler that wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .searcher import SEARCHES

OPTUNA_SAMPLERS = {
    ("Random" if label == "Random Search" else label): SEARCHES[label]
    for label in ("TPE", "Random Search", "CMA-ES", "NSGA-II", "NSGA-III", "GP", "QMC", "Grid Search")
}
"""Label → pattern of the samplers that people name in studies and folders."""
_SIGNS = (
    (r"NSGAIIISampler:|nsga3:", "NSGA-III"),
    (r"NSGAIISampler:|nsga2:", "NSGA-II"),
    (r"(cma|sepcma|cmawm|ipop|bipop)[:.]", "CMA-ES"),
    (r"(mo)?tpe:", "TPE"),
    (r"gp:", "GP"),
    (r"grid_id$", "Grid Search"),
    (r"qmc:|.*'s last sample id$", "QMC"),
)


def samplers(keys: Iterable[str]) -> list[str]:
    """Labels of the samplers that left attributes of these names, each once; one that leaves none is not among them."""
    names = list(keys)
    return [label for sign, label in _SIGNS if any(re.match(sign, name) for name in names)]
