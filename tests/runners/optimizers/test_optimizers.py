"""What holds for every optimizer: its log is converted with all facts, a seed has one log, a plug-in is one of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave.converters.conversion import convert
from encave.errors import EncaveError
from encave.files.optional import EXTRAS
from encave.run import Run
from encave.runners.benchmarks.nasbench201.table import load_surrogate
from encave.runners.optimizers.adapter import ADAPTERS, label_of, load
from encave.runners.studies.execute import RunSpec
from encave.runners.studies.limit import Limit
from encave.runners.studies.study import run_study

FLAGS = ("re+population=5+sample=2+death=worst+mutation=each", "local+step=best", "tpe+startup=4", "nsga2+population=6")
EVALUATIONS = 16


def spec(name: str, *, seed: int = 3, evaluations: int = EVALUATIONS) -> RunSpec:
    """A run with three workers, and with two objectives where there may be several."""
    objectives = ("valid_error", "params_M") if load(name).multi_objective else ("valid_error",)
    evaluations = {"smac-bb": 6, "bore": 10}.get(name, evaluations)  # they take a good part of a second for each
    return RunSpec(name, "cifar10", seed, Limit(evaluations=evaluations), 3, objectives=objectives)


def available() -> list[str]:
    """Those whose packages are installed."""
    extras = {name: load(name).extra for name in (*ADAPTERS, *FLAGS)}
    return [name for name, extra in extras.items() if extra is None or find_spec(EXTRAS[extra].modules[0])]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    result = run_study(folder, [spec(name) for name in available()])
    assert [str(failure) for failure in result.failed] == []
    return folder


@pytest.fixture(scope="module")
def runs(study: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    out = tmp_path_factory.mktemp("converted")
    conversions = convert([study], out)
    assert {conversion.status for conversion in conversions} == {"converted"}
    found = [Run.load(conversion.output) for conversion in conversions if conversion.output]
    return {run.optimizer.name: run for run in found}


@pytest.mark.parametrize("name", available())
def test_the_log_is_converted_with_all_facts(study: Path, runs: dict[str, Run], name: str) -> None:
    header = json.loads((study / spec(name).home / "encave.json").read_text())
    run = runs[label_of(name)]
    trials = run.trials.to_pydict()
    assert label_of(name) == header["optimizer"]["name"]
    assert run.optimizer.version == header["versions"][load(name).package]
    assert (run.provenance.seed, run.provenance.task, run.provenance.workers) == (3, "cifar10", 3)
    assert run.provenance.overhead_seconds == header["overhead_seconds"] > 0
    assert run.provenance.settings == header["optimizer"]["settings"]
    assert [objective.name for objective in run.objectives] == list(spec(name).objectives)
    done = [place for place, status in enumerate(trials["status"]) if status == "success"]
    assert len(done) == header["trials"] == spec(name).limit.evaluations
    assert {trials["worker"][place] for place in done} == {"0", "1", "2"}
    assert max(trials["end"][place] for place in done) == pytest.approx(header["seconds"], abs=1e-5)
    fidelities = {trials["budget"][place] and round(trials["budget"][place]) for place in done}
    assert fidelities <= {22, 67, 200} if load(name).multi_fidelity else fidelities == {12}


@pytest.mark.parametrize("name", available())
def test_every_trial_says_what_the_benchmark_says(runs: dict[str, Run], name: str) -> None:
    run = runs[label_of(name)]
    trials = run.trials.to_pydict()
    configurations = {row.pop("config_id"): row for row in run.configurations.to_pylist()}
    benchmark, schedule = load_surrogate(), 200 if load(name).multi_fidelity else 12
    for place, status in enumerate(trials["status"]):
        if status != "success":
            continue
        config = [configurations[trials["config_id"][place]]]
        epochs = round(trials["budget"][place])
        expected = benchmark.query(config, "cifar10", epochs=epochs, schedule=schedule)
        final = benchmark.query(config, "cifar10")
        assert trials["cost:valid_error"][place] == pytest.approx(expected.valid_error[0])
        assert trials["end"][place] - trials["start"][place] == pytest.approx(expected.seconds[0])
        assert trials["extra:valid_error_200"][place] == pytest.approx(final.valid_error[0])
        assert trials["extra:test_error_200"][place] == pytest.approx(final.test_error[0])
        if "cost:params_M" in trials:
            assert trials["cost:params_M"][place] == pytest.approx(final.params_M[0])


STUDY = """
import sys
from pathlib import Path
from encave.runners.cluster.places import Cluster
from encave.runners.studies.study import run_study
from test_optimizers import spec
if __name__ == "__main__":
    result = run_study(Path(sys.argv[1]), [spec(name) for name in sys.argv[2:]], cluster=Cluster(2))
    sys.exit(str(result.failed) if result.failed else 0)
"""


def content(folder: Path) -> dict[str, Any]:
    """The study's files, without the times that the optimizer itself took."""
    files: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == ".lock":
            continue
        content: Any = path.read_bytes()
        if path.name in ("encave.json", "optimization.json"):
            content = json.loads(content)
            content.pop("overhead_seconds", None)
            content.pop("last_update", None)
        files[str(path.relative_to(folder))] = content
    return files


@pytest.mark.end_to_end
def test_a_seed_has_the_same_bytes_in_other_processes(study: Path, tmp_path: Path) -> None:
    """The order of sets of texts differs from process to process, which the order of SMAC's trials would show."""
    changed = {"PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo", "PYTHONPATH": str(Path(__file__).resolve().parent)}
    environment = os.environ | changed
    command = [sys.executable, "-c", STUDY, str(tmp_path), *available()]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    here, there = content(study), content(tmp_path)
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []


@pytest.mark.skipif(bool(find_spec("syne_tune")), reason="Syne Tune is installed")
def test_without_syne_tune_its_optimizers_say_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match=r"Syne Tune is not installed; .*pip install 'encave\[syne-tune\]'"):
        run_study(tmp_path, [spec("bohb")])
    assert list(tmp_path.iterdir()) == []


def test_objectives_that_do_not_suit() -> None:
    limit = Limit(evaluations=3)
    for name, objectives, message in [
        ("re", ("valid_error", "params_M"), "re minimises one objective"),
        ("smac-parego", ("valid_error",), "smac-parego is for several objectives"),
        ("nsga2", ("params_M", "valid_error"), "The first is valid_error"),
        ("nsga2", ("valid_error", "size"), "others are params_M, flops_M and latency_ms_<device>"),
        ("nsga2", ("valid_error", "flops_M", "flops_M"), "each once"),
    ]:
        with pytest.raises(EncaveError, match=message):
            RunSpec(name, "cifar10", 0, limit, objectives=objectives)


def test_a_latency_that_the_benchmark_lacks(tmp_path: Path) -> None:
    wanted = RunSpec("nsga2", "cifar10", 0, Limit(evaluations=3), objectives=("valid_error", "latency_ms_fpga"))
    result = run_study(tmp_path, [wanted])
    assert "no latencies of 'fpga'" in result.failed[0].reason


def test_a_study_with_other_objectives_is_another_study(tmp_path: Path) -> None:
    run_study(tmp_path, [spec("nsga2", evaluations=4)])
    other = RunSpec("nsga2", "cifar10", 3, Limit(evaluations=4), 3)
    with pytest.raises(EncaveError, match="objectives valid_error and params_M, not valid_error"):
        run_study(tmp_path, [other])


def test_the_children_of_nsga2_are_better_by_both_objectives(tmp_path: Path) -> None:
    """Mean error and parameters of what it breeds against those of its first population, drawn at random."""
    found = run_study(tmp_path, [spec("nsga2", seed=seed, evaluations=300) for seed in range(3)])
    assert not found.failed
    for one in convert([tmp_path], tmp_path / "out"):
        assert one.output
        run = Run.load(one.output)
        initial = np.array(run.trials["extra:origin"].to_pylist()) == "initial"
        assert 50 <= initial.sum() <= 53  # three workers ask before the population is complete
        for objective in ("valid_error", "params_M"):
            cost = run.column(f"cost:{objective}")
            assert cost[~initial].mean() < cost[initial].mean()


PLUGIN = """
from encave.runners.optimizers.adapter import OptimizerAdapter, Proposal
from encave.runners.optimizers.trial_log import TrialLog

class Default(OptimizerAdapter):
    label, package, flags = "Default", "sample-plugin", {"shift": 2}

    def __init__(self, problem):
        self.log, self.asked, self.settings = TrialLog(problem.folder, problem.objectives), 0, dict(problem.flags)
        self.config = dict(problem.space.get_default_configuration())

    def ask(self):
        self.asked += 1
        return Proposal(self.config, 12.0, self.asked - 1)

    def tell(self, proposal, result):
        self.log.write(proposal.token, proposal, result, "default")

    def finish(self):
        self.log.close()
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with three entry points: an optimizer, a class that is none, and nothing."""
    site = tmp_path / "site"
    info = site / "sample_plugin-1.5.dist-info"
    info.mkdir(parents=True)
    (site / "sample_plugin.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-plugin\nVersion: 1.5\n")
    points = ("default = sample_plugin:Default", "text = builtins:str", "lost = sample_plugin:Lost")
    (info / "entry_points.txt").write_text("[encave.optimizers]\n" + "\n".join(points) + "\n")
    monkeypatch.syspath_prepend(site)
    return site


@pytest.mark.usefixtures("plugin")
def test_an_installed_optimizer_is_run_and_converted(tmp_path: Path) -> None:
    result = run_study(tmp_path, [RunSpec("default+shift=3", "cifar10", 0, Limit(evaluations=5))])
    assert not result.failed
    run = Run.load(convert([tmp_path / "default+shift=3"], tmp_path / "out")[0].output)  # type: ignore[arg-type]
    assert (run.optimizer.name, run.optimizer.version) == ("Default (shift=3)", "1.5")
    assert len(run) == 5
    assert run.provenance.settings == {"shift": 3}


@pytest.mark.usefixtures("plugin")
def test_an_installed_optimizer_that_is_none_is_refused() -> None:
    with pytest.raises(EncaveError, match=r"text \(builtins:str\) is no subclass of OptimizerAdapter"):
        load("text")
    with pytest.raises(EncaveError, match=r"lost \(sample_plugin:Lost\) cannot be loaded"):
        load("lost")
    with pytest.raises(EncaveError, match=r"there are dehb, .*, random, default, text, lost"):
        load("cma")
