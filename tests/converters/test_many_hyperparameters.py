"""Spaces of many hyperparameters are built at once: ConfigSpace sorts and checks the whole space at each addition."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from ConfigSpace import ConfigurationSpace

from encave.converters.formats.deepcave import dataframe
from encave.converters.formats.optuna.domains import parse
from encave.converters.formats.optuna.space import study_space
from encave.converters.formats.optuna.study import OptunaStudy, OptunaTrial, by_parameter
from encave.converters.formats.syne_tune import space as syne_tune_space
from encave.converters.parts.inferred_space import infer
from encave.converters.parts.pcs import read_pcs
from encave.converters.reader import Options
from encave.errors import EncaveError

COUNT = 300
NAMES = [f"x{i}" for i in range(COUNT)]


def _inferred(_: Path) -> ConfigurationSpace:
    return infer({1: dict.fromkeys(NAMES, 0.5), 2: dict.fromkeys(NAMES, 0.7)}).space


def _deepcave(folder: Path) -> ConfigurationSpace:
    rows = [f"{name},float,0,1,False,0.5" for name in NAMES]
    (folder / "configspace.csv").write_text("\n".join(["name,type,lower,upper,log,default", *rows]))
    return dataframe._space(folder / "configspace.csv", []).space


def _syne_tune(_: Path) -> ConfigurationSpace:
    domain = {"domain_cls": "Float", "domain_kwargs": {"lower": 0.0, "upper": 1.0}}
    return syne_tune_space.read_space(json.dumps(dict.fromkeys(NAMES, domain)), "x").space


def _pcs(folder: Path) -> ConfigurationSpace:
    (folder / "space.pcs").write_text("".join(f"{name} real [0, 1] [0.5]\n" for name in NAMES))
    return read_pcs(folder / "space.pcs").space


def _optuna(_: Path) -> ConfigurationSpace:
    text = optuna.distributions.distribution_to_json(optuna.distributions.FloatDistribution(0.0, 1.0))
    study = OptunaStudy("s", ["MINIMIZE"], [OptunaTrial(0, "COMPLETE")])
    study.parameters = by_parameter([{name: (0.5, parse(text)) for name in NAMES}])
    return study_space(study, Options()).space


@pytest.mark.parametrize("make", [_inferred, _deepcave, _syne_tune, _pcs, _optuna])
def test_one_addition(
    make: Callable[[Path], ConfigurationSpace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    add = ConfigurationSpace.add

    def counted(self: ConfigurationSpace, *args: Any) -> None:
        calls.append(args)
        add(self, *args)

    monkeypatch.setattr(ConfigurationSpace, "add", counted)
    assert set(make(tmp_path)) == set(NAMES)
    assert len(calls) == 1


def test_a_name_given_twice_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "space.pcs").write_text("x real [0, 1] [0.5]\nx real [0, 1] [0.5]\n")
    with pytest.raises(EncaveError, match=r"line 2.*x already exists"):
        read_pcs(tmp_path / "space.pcs")
