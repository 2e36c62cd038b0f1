"""`encave doctor` finds what is there and what is not, from encave's own metadata."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.workflows import doctor
from encave.workflows.doctor import examine


def test_everything_that_is_installed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {check.name: check for check in examine()}
    for name in ("numpy", "pyarrow", "click", "pyyaml"):
        assert checks[name].state == "ok" and checks[name].found == importlib.metadata.version(name)
    assert checks["surrogate"].kind == "benchmark" and "15,625" in checks["surrogate"].found
    monkeypatch.setattr(doctor, "examine", lambda: list(checks.values()))  # it imports all there is
    done = CliRunner().invoke(cli, ["doctor"])
    assert done.exit_code == 0 and importlib.metadata.version("numpy") in done.stdout
    told = json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)["checks"]
    assert {check["name"] for check in told} == set(checks)


def test_what_is_missing_or_too_old_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name in ("optuna", "tueplots"):
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0" if name == "pyarrow" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(doctor, "why_not", lambda modules: [""] * len(modules))
    monkeypatch.setenv("PATH", "")
    checks = {check.name: check for check in examine()}
    assert checks["tueplots"].state == "missing" and checks["tueplots"].remedy == "pip install 'tueplots>=0.2'"
    assert checks["optuna"].state == "optional" and checks["optuna"].remedy == "pip install 'encave[optuna]'"
    assert checks["pyarrow"].state == "missing" and checks["pyarrow"].found.startswith("1.0; encave needs")
    assert checks["pdflatex"].state == "optional" and "texlive" in checks["pdflatex"].remedy
    done = CliRunner().invoke(cli, ["doctor"])
    assert done.exit_code == 1 and "pip install 'tueplots>=0.2'" in done.stdout


def test_a_package_that_is_there_but_cannot_be_imported_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pyarrow 26 beside NumPy 1: its version is right. One that ends the process does not hide those after it."""
    (tmp_path / "tueplots.py").write_text("raise ImportError('requires NumPy 2.0 or newer,\\nfound 1.26.4')")
    (tmp_path / "moocore.py").write_text("import os; os.abort()")
    (tmp_path / "optuna.py").write_text("print('loud')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert doctor.why_not(["optuna", "moocore", "tueplots", "json"]) == [
        "",
        "importing it ends Python (status -6)",
        "ImportError: requires NumPy 2.0 or newer, found 1.26.4",
        "",
    ]
    checks = {check.name: check for check in examine()}
    assert (checks["tueplots"].state, checks["moocore"].state, checks["numpy"].state) == ("missing", "missing", "ok")
    assert "found 1.26.4" in checks["tueplots"].found
