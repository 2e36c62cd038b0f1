"""`encave doctor` finds what is there and what is not, from encave's own metadata."""

from __future__ import annotations

import importlib.metadata
import json

import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.doctor import examine


def test_everything_that_is_installed_is_found() -> None:
    checks = {check.name: check for check in examine()}
    for name in ("numpy", "pyarrow", "click", "smac"):
        assert checks[name].state == "ok" and checks[name].found == importlib.metadata.version(name)
    assert checks["surrogate"].kind == "benchmark" and "15,625" in checks["surrogate"].found
    done = CliRunner().invoke(cli, ["doctor"])
    assert done.exit_code == 0 and importlib.metadata.version("numpy") in done.stdout
    told = json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)["checks"]
    assert {check["name"] for check in told} == set(checks)


def test_what_is_missing_or_too_old_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "smac":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0" if name == "pyarrow" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setenv("PATH", "")
    checks = {check.name: check for check in examine()}
    assert checks["smac"].state == "missing" and checks["smac"].remedy == "pip install 'smac<2.5,>=2.4.1'"
    assert checks["pyarrow"].state == "missing" and checks["pyarrow"].found == "1.0"
    assert checks["pdflatex"].state == "optional" and "texlive" in checks["pdflatex"].remedy
    done = CliRunner().invoke(cli, ["doctor"])
    assert done.exit_code == 1 and "pip install 'smac<2.5,>=2.4.1'" in done.stdout
