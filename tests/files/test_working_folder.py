"""Started in a folder of somebody's logs, encave runs none of the code and takes none of the settings there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from ..converters.conftest import random_lines, write_sidecar, write_trials

STARTS = {
    "reading": "encave.read('log')",
    "multiprocessing": """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from encave.files.working_folder import spawning
with spawning():
    pool = ProcessPoolExecutor(1, get_context('spawn'))
    answer = pool.submit(abs, -1)
assert answer.result() == 1
pool.shutdown()
""",
    "dask": """
from encave.runners.cluster.places import Cluster, connected
from pathlib import Path
with connected(Cluster(2), 2, Path('log')) as cluster:
    assert cluster.client.submit(abs, -1).result() == 1
""",
}
RC = """
axes.prop_cycle: [q := [], q.append(q[0].gi_frame.f_back.f_back.f_builtins for x in [1]), \
[*q[0]][0]['open']('harm', 'a').write('matplotlibrc'), cycler(color=['r'])][-1]
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder with a log, and with a module of each name that a Python program may import."""
    folder = tmp_path / "foreign"
    write_trials(folder / "log", random_lines(8))
    write_sidecar(folder / "log", optimizer="RE")
    for name in {*sys.stdlib_module_names, "encave", "numpy", "pyarrow", "distributed", "sitecustomize"}:
        (folder / f"{name}.py").write_text(f"open('harm', 'a').write({name!r} + chr(10))\nraise ImportError('foreign')")
    (folder / "matplotlibrc").write_text(RC)
    return folder


def run(folder: Path, script: Path, code: str, *arguments: str) -> None:
    script.write_text(f"import encave\nif __name__ == '__main__':\n{indent(code, '    ')}\n")
    done = subprocess.run(
        [sys.executable, script, *arguments], cwd=folder, check=False, capture_output=True, text=True, timeout=300
    )
    harm = folder / "harm"
    assert not harm.exists(), harm.read_text()
    assert done.returncode == 0, done.stderr


@pytest.mark.spawned
@pytest.mark.parametrize("what", STARTS)
def test_no_process_that_is_started_imports_from_the_working_folder(foreign: Path, tmp_path: Path, what: str) -> None:
    if what == "dask":
        pytest.importorskip("distributed")
    run(foreign, tmp_path / "script.py", STARTS[what])


def test_no_settings_of_the_working_folder_are_taken(foreign: Path, tmp_path: Path) -> None:
    code = "from encave.cli import main\nmain()"
    run(foreign, tmp_path / "script.py", code, "plot", "curves", "log", "--out", str(tmp_path / "c.pdf"))
    assert (tmp_path / "c.pdf").is_file()
