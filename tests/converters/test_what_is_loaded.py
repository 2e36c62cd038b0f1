"""The program that converts loads no more than it uses; what reading takes is loaded where logs are read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pandas._libs.parsers import STR_NA_VALUES

from encave.converters.formats.deepcave import twin

_CONVERTED = """
import sys
from contextlib import suppress
from encave.cli import cli
with suppress(SystemExit):
    cli(sys.argv[1:], standalone_mode=False)
sys.exit(", ".join({"numpy", "scipy", "pandas", "pyarrow", "ConfigSpace"} & set(sys.modules)) or 0)
"""
_LOOKED_AT = """
import sys
from contextlib import suppress
from encave.cli import cli
with suppress(SystemExit):
    cli(sys.argv[1:], standalone_mode=False)
from encave.converters import engine
assert engine._server is None
sys.exit(", ".join({"scipy", "pandas", "ConfigSpace", "matplotlib"} & set(sys.modules)) or 0)
"""
_READING = """
import sys
from encave.converters.reading_server import _preload
_preload()
loaded = set(sys.modules)
import pandas, pyarrow
assert "pandas" not in loaded and {"ConfigSpace", "pyarrow", "encave.converters.one_log"} <= loaded
assert pandas.DataFrame({"x": [1]}).shape == (1, 1)
"""
_LOADED = """
import sys
from encave.run import Run
assert len(Run.load(sys.argv[1])) == 2
sys.exit(", ".join({"pandas", "ConfigSpace"} & set(sys.modules)) or 0)
"""


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr


def test_the_program_that_converts_leaves_numbers_to_those_that_read_and_a_run_needs_no_pandas(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("lr,loss\n0.1,2.0\n0.2,1.0\n")
    told = ("--map", "objective=loss", "--map", "hyperparameters=lr", "--out", str(tmp_path / "runs"), "--json")
    _run(_CONVERTED, "convert", str(tmp_path / "trials.csv"), *told)
    [run] = (tmp_path / "runs").iterdir()
    _run(_LOADED, str(run))
    for verb in ("inspect", "groups"):
        _run(_LOOKED_AT, verb, str(tmp_path / "runs"))


def test_those_that_read_have_no_pandas_until_it_is_used() -> None:
    _run(_READING)


def test_texts_that_pandas_takes_for_missing_are_known_without_it() -> None:
    assert twin.MISSING == STR_NA_VALUES


def test_a_command_does_not_look_for_cycles_at_its_end() -> None:
    program = "import atexit, gc; atexit.register(lambda: print('frozen', gc.get_freeze_count() > 1000));"
    program += "from encave.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, "--version"], capture_output=True, check=True, text=True)
    assert "frozen True" in done.stdout
