"""The numbers behind figures and tables, as Arrow tables, written as Parquet and CSV."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...spreadsheets import guarded
from ..comparison import Comparison
from ..rank_curves import RankCurve
from ..runtimes import Runtime, Targets
from ..significance import Significance
from ..study_view import Measure
from .contents import Chapter
from .diagnostics import diagnose


def of_task(one: Comparison) -> dict[str, pa.Table]:
    """The numbers of one task.

    `curves` (one row per event), `final` (per optimizer and measure), `runs` (per run and measure), `tests` (per pair
    and measure) and `ranks` (per point of a rank curve).
    """
    title = one.section.title
    tables = {"curves": _curve_rows(one), "final": final_rows(one), "runs": _run_rows(one)}
    made = zip(one.measures, one.significance, strict=False)
    tests = [test_rows(title, measure.name, significance) for measure, significance in made]
    if tests:
        tables["tests"] = pa.concat_tables(tests)
        each = [(title, measure.name, found) for measure, found in zip(one.measures, one.significance, strict=False)]
        tables["omnibus"] = pa.concat_tables([omnibus_rows(*own) for own in each])
        if one.significance[0].control:
            tables["control"] = pa.concat_tables([control_rows(*own) for own in each])
    if one.rank_curves:
        tables["ranks"] = rank_rows(title, one.axis.label, one.rank_curves)
    return tables


def rows(columns: Mapping[str, Any], records: Iterable[Sequence[Any]]) -> pa.Table:
    """A table from rows.

    Args:
        columns: Column → its Arrow type or the name of one, in order.
        records: A value for each column; NaN becomes null.
    """
    table = list(zip(*records, strict=True)) or [()] * len(columns)
    arrays = [pa.array(values, kind, from_pandas=True) for values, kind in zip(table, columns.values(), strict=True)]
    return pa.table(arrays, names=list(columns))


def write(folder: Path, chapters: Sequence[Chapter]) -> list[str]:
    """Write the tables of all chapters, those of one name put together, as `name.parquet` and `name.csv`.

    Returns:
        The names.
    """
    import pyarrow.csv
    import pyarrow.parquet

    folder.mkdir()
    parts: defaultdict[str, list[pa.Table]] = defaultdict(list)
    for chapter in chapters:
        for name, table in chapter.data.items():
            parts[name].append(table)
    for name, tables in parts.items():
        whole = pa.concat_tables(tables)
        pyarrow.csv.write_csv(guarded(whole), folder / f"{name}.csv")
        pyarrow.parquet.write_table(whole.combine_chunks(), folder / f"{name}.parquet", compression="zstd")
    return sorted(parts)


def _curve_rows(one: Comparison) -> pa.Table:
    return pa.concat_tables(
        [
            _step_rows(
                {
                    "section": one.section.title,
                    "measure": curve.measure.name,
                    "optimizer": curve.optimizer,
                    "axis": one.axis.label,
                },
                {
                    "position": curve.positions,
                    curve.statistic.name: curve.centre,
                    "lower_95": spread_out(curve.lower, curve.band, len(curve.centre)),
                    "upper_95": spread_out(curve.upper, curve.band, len(curve.centre)),
                },
            )
            for curves in one.curves
            for curve in curves
        ]
    )


def spread_out(values: np.ndarray[Any, Any], at: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """Values at some places of `size`, NaN at the others."""
    spread = np.full(size, np.nan)
    spread[at] = values
    return spread


def _step_rows(fixed: Mapping[str, str], columns: Mapping[str, np.ndarray[Any, Any]]) -> pa.Table:
    size = len(next(iter(columns.values())))
    repeated = {name: pa.array([value] * size, pa.string()) for name, value in fixed.items()}
    numbers = {name: pa.array(values, pa.float64(), from_pandas=True) for name, values in columns.items()}
    return pa.table({**repeated, **numbers})


def final_rows(one: Comparison) -> pa.Table:
    """Final values per optimizer and measure."""
    columns = {
        "section": "string", "optimizer": "string", "runs": "int64", "failed_runs": "int64", "mean_trials": "float64",
        "average_rank": "float64", "measure": "string", "mean": "float64", "std": "float64", "lower_95": "float64",
        "upper_95": "float64", "median": "float64", "lower_quartile": "float64", "upper_quartile": "float64",
    }  # fmt: skip
    return rows(
        columns,
        (
            (
                one.section.title, row.optimizer, row.runs, row.failed, row.trials, row.rank, measure.name, spread.mean,
                spread.std, spread.lower, spread.upper, *spread.quartiles,
            )
            for row in one.table.rows
            for measure, spread in zip(one.table.measures, row.spreads, strict=True)
        ),
    )  # fmt: skip


def _run_rows(one: Comparison) -> pa.Table:
    members = [run for label in one.ordered for run in one.trajectories[label]]
    columns = {
        "section": "string", "optimizer": "string", "seed": "int64", "run": "string", "trials": "int64",
        "failed_trials": "int64", "initial_share": "float64", "measure": "string", "final": "float64",
    }  # fmt: skip
    return rows(
        columns,
        (
            (one.section.title, line.optimizer, run.seed, line.name, line.trials, line.failed, line.initial,
             measure.name, run.final(measure))
            for line, run in zip(diagnose(one), members, strict=True)
            for measure in one.measures
        ),
    )  # fmt: skip


def test_rows(section: str, measure: str, significance: Significance) -> pa.Table:
    """The pairs of one test; `section` is the task's title, or what stands for all."""
    columns = {
        "section": "string", "measure": "string", "test": "string", "blocks": "int64", "first": "string",
        "second": "string", "p": "float64", "adjusted_p": "float64", "different": "int64", "favours": "int64",
        "probability_of_improvement": "float64", "lower_95": "float64", "upper_95": "float64",
        "cliffs_delta": "float64", "wins": "int64", "ties": "int64", "losses": "int64", "mean_gain": "float64",
        "gain_lower_95": "float64",
        "gain_upper_95": "float64", "rope": "float64", "p_better": "float64", "p_equivalent": "float64",
        "p_worse": "float64",
    }  # fmt: skip
    return rows(
        columns,
        (
            (
                section, measure, significance.choice.test, significance.blocks, pair.first, pair.second, pair.p,
                pair.adjusted, int(pair.different), pair.favours, pair.improvement.value, pair.improvement.lower,
                pair.improvement.upper, pair.cliffs_delta, *(pair.record or (None, None, None)),
                *(astuple(pair.gain) if pair.gain else (None, None, None)),
                *(astuple(pair.posterior) if pair.posterior else (None, None, None, None)),
            )
            for pair in significance.pairs
        ),
    )  # fmt: skip


def friedman_rows(section: str, measure: str, significance: Significance) -> pa.Table:
    """The omnibus test; no row without one. Its F is infinite where all blocks agree."""
    columns = {
        "section": "string", "measure": "string", "blocks": "int64", "chi_squared": "float64",
        "chi_squared_p": "float64", "exact_p": "float64", "f": "float64", "f_p": "float64",
    }  # fmt: skip
    one = significance.friedman
    found = [] if one is None else [(one.blocks, one.statistic, one.chi2_p, one.exact_p, one.f_statistic, one.f_p)]
    return rows(columns, ((section, measure, *row) for row in found))


def control_rows(section: str, measure: str, significance: Significance) -> pa.Table:
    """Every optimizer against the control; no row without one."""
    columns = {
        "section": "string", "measure": "string", "test": "string", "control": "string", "optimizer": "string",
        "p": "float64", "adjusted_p": "float64", "favours": "int64", "verdict": "string",
    }  # fmt: skip
    one = significance.control
    found = one.against if one else ()
    return rows(
        columns,
        (
            (section, measure, one.choice.test, one.control, each.optimizer, each.p, each.adjusted, each.favours,
             each.verdict)
            for each in found
            if one
        ),
    )  # fmt: skip


def omnibus_rows(section: str, measure: str, significance: Significance) -> pa.Table:
    """The test of all optimizers at once; no row without one."""
    columns = {
        "section": "string", "measure": "string", "test": "string", "statistic": "float64", "p": "float64",
        "how": "string",
    }  # fmt: skip
    one = significance.omnibus
    return rows(columns, [(section, measure, one.name, one.statistic, one.p, one.how)] if one else [])


def runtime_rows(section: str, axis: str, measure: Measure, targets: Targets, found: Sequence[Runtime]) -> pa.Table:
    """Expected running time of each optimizer to each target."""
    columns = {
        "section": "string", "optimizer": "string", "axis": "string", "measure": "string", "target": "float64",
        "hits": "int64", "runs": "int64", "expected_running_time": "float64", "lower_95": "float64",
        "upper_95": "float64",
    }  # fmt: skip
    return rows(
        columns,
        (
            (section, one.optimizer, axis, measure.name, target, one.hits(k), one.runs, *astuple(one.expected(k)))
            for one in found
            for k, target in enumerate(targets.values.tolist())
        ),
    )


def rank_rows(section: str, axis: str, curves: Sequence[RankCurve]) -> pa.Table:
    """The points of rank curves."""
    return pa.concat_tables(
        [
            _step_rows(
                {"section": section, "optimizer": curve.optimizer, "axis": axis},
                {
                    "position": curve.positions,
                    "average_rank": curve.mean,
                    "lower_95": curve.lower,
                    "upper_95": curve.upper,
                },
            )
            for curve in curves
        ]
    )
