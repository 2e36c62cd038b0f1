"""All that encave takes hold of in DeepCAVE, and whether the release that is installed has it.

DeepCAVE offers no interface for what is put right here, so a later release may lack any of it. The source is looked
at, not imported, before anything is replaced.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE = "unfit.txt"
"""File in a session's folder with a line for each part that does not fit."""


@dataclass(frozen=True)
class TouchPoint:
    """A name in a module of DeepCAVE."""

    module: str
    """Below `deepcave`; empty is the package itself."""
    name: str
    """Function, class, variable, or `Class.method`."""
    parameters: tuple[str, ...] = ()
    """Parameters or, of a class, fields that encave gives or expects."""

    def __str__(self) -> str:
        place = ".".join(part for part in ("deepcave", self.module, self.name) if part)
        return f"{place}({', '.join(self.parameters)})" if self.parameters else place


def _points(module: str, *names: str) -> Iterator[TouchPoint]:
    for name in names:
        called, _, parameters = name.partition("(")
        yield TouchPoint(module, called, tuple(parameters.rstrip(")").split(", ")) if parameters else ())


_RUN = (
    *("get_config(id)", "get_budgets(human, include_combined)", "get_budget_ids(include_combined)"),
    *("get_status(config_id, seed, budget)", "get_avg_costs(config_id, budget, statuses)"),
    *("get_all_costs(budget, statuses)", "encode_config(config, specific)"),
    *("get_trajectory(objective, budget, seed)", "_update_highest_budget", "reset", "hash", "latest_change"),
    *("get_incumbent(objectives, budget, seed, statuses, selected_ids)", "get_configs(budget, seed, statuses)"),
    *("get_encoded_data(objectives, budget, specific, statuses)", "get_objectives", "get_objective_id"),
)
_PAGES = {
    "budget.budget_correlation": "BudgetCorrelation",
    "hyperparameter.ablation_paths": "AblationPaths",
    "hyperparameter.configuration_cube": "ConfigurationCube",
    "hyperparameter.importances": "Importances",
    "hyperparameter.parallel_coordinates": "ParallelCoordinates",
    "hyperparameter.pdp": "PartialDependencies",
    "hyperparameter.symbolic_explanations": "SymbolicExplanations",
    "objective.cost_over_time": "CostOverTime",
    "objective.pareto_front": "ParetoFront",
    "summary.configurations": "Configurations",
    "summary.footprint": "FootPrint",
    "summary.overview": "Overview",
}
TOUCH_POINTS = (
    *_points("", "app", "config", "queue", "c", "rc", "run_handler", "notification", "version", "get_app"),
    *_points("config", "Config", "Config.CACHE_DIR", "Config.CONVERTERS", "Config.PLUGINS", "Config.META_DEFAULT"),
    *_points("constants", "COMBINED_BUDGET", "COMBINED_COST_NAME", "CONSTANT_VALUE", "NAN_VALUE"),
    *_points("custom_queue", "_Queue", "Queue.enqueue(func, args, job_id, meta)", "Queue.get_running_jobs"),
    *_points("evaluators.ablation", "Ablation.calculate(objectives, budget, model)"),
    *_points("evaluators.ablation", "Ablation._ablation(objective, budget, incumbent_config, def_cost, hp_it)"),
    *_points("evaluators.epm.fanova_forest", "FanovaForest.__init__(configspace, n_trees, seed)"),
    *_points("evaluators.epm.random_forest_surrogate", "RandomForestSurrogate.__init__(configspace, n_trees, seed)"),
    *_points("evaluators.epm.random_forest_surrogate", "RandomForestSurrogate.predict"),
    *_points("evaluators.footprint", "Footprint._get_distances", "Footprint._get_max_distance", "Footprint._reset"),
    *_points("evaluators.footprint", "Footprint._update_distances(config, config_id, rejection_threshold)"),
    *_points("evaluators.footprint", "sample_border_config", "sample_random_config"),
    *_points("evaluators.lpi", "LPI.calculate(objectives, budget, n_trees, seed)", "LPI.get_importances"),
    *_points("evaluators.mo_ablation", "get_weightings", "MOAblation.predict(cfg, weighting)"),
    *_points("evaluators.mo_ablation", "MOAblation.ablation(budget, incumbent_config, def_cost, hp_it, weighting)"),
    *_points("evaluators.mo_ablation", "MOAblation.calculate_ablation_path(df, objectives_normed, weighting, budget)"),
    *_points("evaluators.mo_fanova", "get_weightings"),
    *_points("evaluators.mo_lpi", "MOLPI.calc_one_weighting", "get_weightings"),
    *_points("layouts.main", "MainLayout.__init__(categorized_plugins)"),
    *_points("plugins", "Plugin._process_raw_outputs(inputs, raw_outputs)", "Plugin.get_selected_runs(inputs)"),
    *_points("plugins", "Plugin.check_runs_compatibility(runs)", "Plugin._clean_inputs(inputs)"),
    *_points("plugins.dynamic", "DynamicPlugin", "DynamicPlugin.use_cache"),
    *_points("plugins.hyperparameter.importances", "LocalEvaluator", "MOLPI"),
    *_points("plugins.static", "_process(process, run, inputs)", "PluginState", "StaticPlugin._setup"),
    *(point for module, page in _PAGES.items() for point in _points(f"plugins.{module}", f"{page}.load_outputs")),
    *_points("runs", *(f"AbstractRun.{name}" for name in _RUN), "check_equality(runs)"),
    *_points("runs.group", "Group"),
    *_points(
        "runs.handler", "Group", "RunHandler.update_runs", "RunHandler.update_groups(groups)", "RunHandler.get_run"
    ),
    *_points("runs.handler", "RunHandler.get_selected_run_paths", "RunHandler.get_selected_groups"),
    *_points("runs.objective", "Objective", "Objective.get_worst_value"),
    *_points("runs.run", "Run.__init__(name, path)"),
    *_points("runs.status", "Status"),
    *_points("runs.trial", "Trial(config_id, budget, seed, costs, cpu_time, start_time, end_time, status, additional)"),
    *_points("utils.cache", *(f"Cache.{name}" for name in ("read", "write", "set", "set_dict", "get", "has", "clear"))),
    *_points("utils.hash", "string_to_hash"),
    *_points("utils.multi_objective_importance", "get_weightings(objectives_normed, df)"),
    *_points("utils.notification", "Notification.get_latest", "Notification.update(message)"),
    *_points("utils.layout", "get_select_options", "get_checklist_options"),
    *_points("utils.run_caches", *(f"RunCaches.{name}" for name in ("update", "get", "set", "clear_run", "clear"))),
    *_points("utils.styled_plotty", "get_color(id_, alpha)"),
    *_points("utils.util", "config_to_tuple"),
)


def unfit(package: Path) -> list[TouchPoint]:
    """The touch points that DeepCAVE in a folder does not have."""
    trees: dict[str, ast.Module | None] = {}
    for point in TOUCH_POINTS:
        if point.module not in trees:
            trees[point.module] = _tree(package, point.module)
    return [point for point in TOUCH_POINTS if not _has(trees[point.module], point)]


def check(folder: Path) -> None:
    """Leave a line in a session's folder for each part of the DeepCAVE of this Python that does not fit."""
    spec = importlib.util.find_spec("deepcave")
    places = spec.submodule_search_locations if spec else None
    if places and (found := unfit(Path(places[0]))):
        (folder / FILE).write_text("".join(f"{point}\n" for point in found), encoding="utf-8")


def told(folder: Path) -> str | None:
    """What `check` has left, in a sentence; None if all fits."""
    file = folder / FILE
    if not file.is_file():
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    return (
        f"this DeepCAVE is not the one that encave knows (1.4.1): it lacks {'; '.join(lines)}. "
        "Pages that need it may fail or show what DeepCAVE makes of them"
    )


def _tree(package: Path, module: str) -> ast.Module | None:
    base = package.joinpath(*module.split(".")) if module else package
    file = base / "__init__.py" if (base / "__init__.py").is_file() else base.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else None


def _has(tree: ast.Module | None, point: TouchPoint) -> bool:
    node: ast.AST | None = tree
    for part in point.name.split("."):
        node = next((found for name, found in _names(node) if name == part), None)
    return node is not None and set(point.parameters) <= _parameters(node)


def _names(node: ast.AST | None) -> Iterator[tuple[str, ast.AST]]:
    """What a module or class defines or imports, at any depth of its own statements."""
    for part in ast.iter_child_nodes(node) if node is not None else ():
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            yield part.name, part
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name, part) for alias in part.names)
        elif isinstance(part, (ast.Assign, ast.AnnAssign)):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            yield from ((target.id, part) for target in targets if isinstance(target, ast.Name))
        elif isinstance(part, (ast.If, ast.Try, ast.With)):
            yield from _names(part)


def _parameters(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef):
        return {argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    return {name for name, _ in _names(node)}
