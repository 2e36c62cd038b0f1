"""Errors of the library name keywords where the command line's name flags."""

from __future__ import annotations

from pathlib import Path

import pytest

import encave
from encave.workflows.conversions import Conversions
from encave.workflows.keywords import with_keywords

from ..example_runs import example_run


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it is too large; --memory raises the limit", "it is too large; memory= raises the limit"),
        (
            "say --map objective=a:maximize --map hyperparameters=lr,wd. Every verb takes --map.",
            'say map={"objective": "a:maximize", "hyperparameters": "lr,wd"}. Every verb takes map=.',
        ),
        ("encave inspect --formats lists them", "encave inspect --formats lists them"),
        ("(encave convert SRC… --out DIR).", "(encave convert SRC… --out DIR)."),
        ("a -- b, 3--4", "a -- b, 3--4"),
    ],
)
def test_flags_are_keywords(text: str, told: str) -> None:
    assert with_keywords(text) == told


def test_the_verbs_speak_python(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("lr,val_loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
    for verb in (encave.read, lambda folder: encave.convert(folder, folder / "out")):
        with pytest.raises(encave.EncaveError, match=r"Every verb that reads logs takes map=\.") as raised:
            verb(tmp_path)
        assert 'map={"objective": "val_loss", "hyperparameters": "lr"}' in str(raised.value)
        assert "--map" not in str(raised.value)
    with pytest.raises(encave.EncaveError, match=r"Choose another out=\."):
        encave.report([example_run("DEHB", "mlp", 0)], tmp_path)
    with pytest.raises(encave.EncaveError, match=r"what is given as settings is .*, not {"):
        encave.report([example_run("DEHB", "mlp", 0)], tmp_path / "r", settings={"title": "x"})  # type: ignore[arg-type]


def test_conversions_are_a_table(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "trials.csv").write_text("lr,loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
    (tmp_path / "logs" / "runhistory.json").write_text('{"stats": {}, "data": 5, "configs": {}}')
    done = encave.convert(tmp_path / "logs", tmp_path / "out", map={"objective": "loss", "hyperparameters": "lr"})
    assert repr(done) == "Conversions(2 logs: 1 converted, 1 refused)" and "<table" in done._repr_html_()
    frame = done.to_pandas().set_index("status")
    assert list(done.table().column_names) == [
        "source", "format", "version", "status", "reason", "read", "written", "merged", "dropped", "configurations",
        "incumbent", "notes", "output",
    ]  # fmt: skip
    converted, refused = frame.loc["converted"], frame.loc["refused"]
    assert (converted["format"], converted["read"], converted["incumbent"]) == ("table", 3, 1.0)
    assert "the log has no configuration space" in converted["notes"] and converted["output"].startswith(str(tmp_path))
    assert refused["reason"] and refused["written"] == 0 and refused["output"] is None
    assert repr(Conversions([])) == "Conversions(0 logs)"


def test_a_report_is_shown_in_short(tmp_path: Path) -> None:
    report = encave.report([example_run("DEHB", "mlp", 0)], tmp_path / "report")
    assert repr(report).startswith(f"Report({report.page}: ") and len(repr(report)) < 100 + len(str(report.page))
