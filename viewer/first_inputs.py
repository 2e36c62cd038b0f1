"""What the inputs of a page hold when a run is selected on it, and which go together.

DeepCAVE resets some inputs when another run is selected and keeps others, such as the second hyperparameter of Partial
Dependencies and the objectives of Importances and Ablation Paths, which the other run may not have. It compares the
objectives of these pages with what the browser sends, which is text, so that both may be the same.
"""

# pyright: reportPrivateUsage=false
# DeepCAVE makes numbers of text only after it has asked which inputs depend on which.
from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from deepcave.plugins import Plugin

Inputs = dict[str, Any]

_FIRST, _SECOND, _NONE = "objective_id1", "objective_id2", -1


def install(plugins: Iterable[Plugin]) -> None:
    """Put the inputs of these pages right, where they show one run."""
    for plugin in plugins:
        if plugin.activate_run_selection:
            plugin.load_dependency_inputs = _fresh(plugin)  # type: ignore[method-assign]


def _fresh(plugin: Plugin) -> Callable[[Any, Inputs, Inputs], Inputs]:
    load = plugin.load_dependency_inputs

    @wraps(load)
    def loaded(run: Any, previous: Inputs, inputs: Inputs) -> Inputs:
        before, now = (chosen.get("run", {}).get("value") for chosen in (previous, inputs))
        if before in (None, now):
            return _unlike(load(run, previous, plugin._cast_inputs(inputs)))
        known = plugin.load_inputs()
        kept = [name for name, attribute, *_ in plugin.inputs if attribute == "value" and name not in {*known, "run"}]
        nothing = {name: {"value": None} for name in kept}
        found = load(run, previous, inputs | {name: inputs[name] | nothing[name] for name in kept})
        return found | {name: nothing[name] | found.get(name, {}) for name in kept}

    return loaded


def _unlike(found: Inputs) -> Inputs:
    """No second objective where it is the first."""
    if _SECOND in found and found[_SECOND]["value"] == found[_FIRST]["value"]:
        found[_SECOND]["value"] = _NONE
    return found
