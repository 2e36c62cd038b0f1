"""What encave takes hold of in DeepCAVE is there, and what another release lacks is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import deepcave
import pytest

from encave.viewer import touch_points
from encave.viewer.touch_points import TOUCH_POINTS, told, unfit

PACKAGE = Path(str(deepcave.__file__)).parent


def test_the_installed_release_has_all() -> None:
    assert unfit(PACKAGE) == []
    assert len({str(point) for point in TOUCH_POINTS}) == len(TOUCH_POINTS) > 80


def test_what_another_release_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "deepcave"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("*.pyc", "assets"))
    (package / "evaluators" / "footprint.py").unlink()
    ablation = package / "evaluators" / "ablation.py"
    ablation.write_text(ablation.read_text().replace("model: Any = None", "forest: Any = None"))
    lacking = [str(point) for point in unfit(package)]
    assert "deepcave.evaluators.ablation.Ablation.calculate(objectives, budget, model)" in lacking
    assert "deepcave.evaluators.footprint.Footprint._reset" in lacking
    assert len(lacking) == 7
    session = tmp_path / "session"
    session.mkdir()
    assert told(session) is None
    monkeypatch.setattr(
        touch_points.importlib.util, "find_spec", lambda _: type("Spec", (), {"submodule_search_locations": [package]})
    )
    touch_points.check(session)
    assert "it lacks deepcave.evaluators.ablation.Ablation.calculate(" in (told(session) or "")
