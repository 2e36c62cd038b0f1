"""Values that are rare but right: null as a choice, huge integers, odd times, one of two objectives missing."""

from __future__ import annotations

import csv
import shutil
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from encave import EncaveError, Run
from encave.analysis.importance.space import unit_values
from encave.converters import convert
from encave.converters.formats.optuna.study import OptunaStudy, OptunaTrial, seconds, settle_times
from encave.converters.inspection import inspect_logs

ODD = Path(__file__).parents[1] / "logs" / "odd"


def run_of(name: str, out: Path) -> Run:
    [result] = convert([ODD / name], out)
    assert result.output is not None, result.reason
    return Run.load(result.output)


@pytest.mark.parametrize("name", ["none_choice_smac", "none_choice_table", "none_choice_table_with_space"])
def test_null_is_a_choice(tmp_path: Path, name: str) -> None:
    run = run_of(name, tmp_path)
    values = [run.configuration(int(number)) for number in run.column("config_id")]
    none = np.array([value["act"] is None for value in values])
    assert 5 < none.sum() < 20 and (run.cost()[none] >= 1.0).all() and (run.cost()[~none] < 1.0).all()


def test_null_among_numbers_or_where_some_lack_the_key_is_inactive(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(
        '[{"a": null, "b": 1, "c": "x", "y": 1}, {"a": "s", "b": null, "y": 2}, {"a": "t", "b": 2, "c": null, "y": 3}]'
    )
    (tmp_path / "t.map.json").write_text('{"objective": "y", "hyperparameters": ["a", "b", "c"]}')
    [result] = convert([tmp_path], tmp_path / "out")
    assert result.output is not None
    run = Run.load(result.output)
    assert [run.configuration(i) for i in range(3)] == [{"a": None, "b": 1, "c": "x"}, {"a": "s"}, {"a": "t", "b": 2}]


def test_one_missing_objective_of_two_is_no_success(tmp_path: Path) -> None:
    run = run_of("partial", tmp_path)
    assert run.status_counts() == {"success": 14, "crashed": 1}
    assert run.trials["cost:b"].null_count == 1 and run.trials["extra:raw_b"].null_count == 14
    assert any("of every objective" in note.text and note.count == 1 for note in run.notes)


def test_a_run_without_success_does_not_widen_the_bounds_of_its_study(tmp_path: Path) -> None:
    for result in convert([ODD / "allfailed"], tmp_path):
        assert result.output is not None
        with (result.output / "trials.csv").open(newline="") as file:
            assert "metric:cost [-899.0; -895.0] (minimize)" in next(csv.reader(file))


def test_bounds_of_a_constant_objective_differ(tmp_path: Path) -> None:
    run_of("onetrial", tmp_path)
    [folder] = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert '"lower": 0.3, "upper": 1.3' in (folder / "meta.json").read_text()


def test_times_with_ends_only_begin_with_the_run() -> None:
    [found] = inspect_logs([ODD / "endsonly"])
    assert found.seconds == (0.0, 20.0)


def test_a_hyperparameter_called_config_id_is_refused_with_the_reason(tmp_path: Path) -> None:
    [result] = convert([ODD / "config_id"], tmp_path, mapping={"objective": "loss", "hyperparameters": "hp,config_id"})
    assert result.status == "refused" and "called config_id" in str(result.reason) and "rename" in str(result.reason)


def test_integers_beyond_53_bits_are_analysed(tmp_path: Path) -> None:
    from encave.analysis.landscape.footprint_features import shared_features

    run = run_of("bigint", tmp_path)
    assert max(map(abs, run.configurations["random_state"].to_pylist())) > 2**53
    points = shared_features([run]).of(run, np.arange(15))
    assert np.isfinite(points).all() and unit_values(np.array([0.5]), (0.0, 1.0, False))[0] == 0.5


def test_importance_of_integers_beyond_53_bits(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from encave.cli import cli

    shutil.copytree(ODD / "bigint", tmp_path / "b")
    told = CliRunner().invoke(cli, ["analyze", "importance", str(tmp_path / "b"), "--json"])
    assert told.exit_code == 0 and "random_state" in told.stdout, told.output


def test_optuna_numbers_tell_the_order_when_summer_time_ends(tmp_path: Path) -> None:
    run = run_of("optuna_dst.db", tmp_path)
    assert run.column("start").tolist() == [0.0, 50.0, 80.0, 100.0]
    assert run.column("end").tolist() == [40.0, 59.0, 90.0, 150.0]
    assert [note.count for note in run.notes if "clock went back" in note.text] == [2]


def test_a_trial_across_the_change_ends_an_hour_later_and_enqueued_ones_tell_nothing() -> None:
    across = OptunaStudy(
        "s", ["MINIMIZE"], [OptunaTrial(0, "COMPLETE", start=3500.0, end=20.0), OptunaTrial(1, "COMPLETE", start=30.0)]
    )
    settle_times(across)
    assert [(trial.start, trial.end) for trial in across.trials] == [(3500.0, 3620.0), (3630.0, None)]
    enqueued = OptunaTrial(1, "COMPLETE", start=10.0, system={"fixed_params": {}})
    waited = OptunaStudy("s", ["MINIMIZE"], [OptunaTrial(0, "COMPLETE", start=3500.0), enqueued])
    settle_times(waited)
    assert enqueued.start == 10.0 and not waited.notes


def test_five_decimals_of_a_second_are_read(tmp_path: Path) -> None:
    run = run_of("optuna_goptuna_time.db", tmp_path)
    assert len(run) == 4 and run.column("start")[1] == pytest.approx(0.00842, abs=1e-6)
    moment = datetime.fromisoformat("2023-10-29 04:07:44.497420+09:00").timestamp()
    assert seconds("2023-10-29 04:07:44.49742+09:00") == moment


def test_a_space_with_config_id_is_refused_by_the_model() -> None:
    from ConfigSpace import ConfigurationSpace, Float

    from encave.run import configurations as space_columns

    space = ConfigurationSpace()
    space.add(Float("config_id", (0, 1)))
    with pytest.raises(EncaveError, match="rename it"):
        space_columns.build(space, {0: {"config_id": 0.5}})


def test_negative_budgets_are_noticed_in_every_format(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("config:x,cost:y,budget\n1,2,-1\n2,3,9\n")
    folder = tmp_path / "bohb"
    folder.mkdir()
    (folder / "configs.json").write_text('[[0, 0, 0], {"x": 0.5}, {}]\n')
    stamps = '{"submitted": 1.0, "started": 1.0, "finished": 2.0}'
    (folder / "results.json").write_text(f'[[0, 0, 0], -3, {stamps}, {{"loss": 1.0, "info": {{}}}}, null]\n')
    for inspection in inspect_logs([tmp_path]):
        told = {note.text: note.count for note in inspection.notes}
        assert told["budgets are negative, so that sums of them and the highest of them may mean nothing"] == 1
