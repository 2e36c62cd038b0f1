"""Ctrl-C and SIGTERM end the command with one line, whatever they hit; so does a disk that takes no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPT = "import os, signal, sys, time\ndef interrupt(): os.kill(os.getpid(), signal.{}); time.sleep(9)\n"
WITHIN = "from encave.cli.interrupts import told\nwith told():\n"
HALF_LOADED = """
    try: interrupt()
    except KeyboardInterrupt: raise ImportError("numpy.core.multiarray failed to import")
"""
FORGOTTEN = """
    class Gone:
        def __del__(self): interrupt()
    Gone()
    time.sleep(1)
"""
IN_A_FINALLY = """
    try: interrupt()
    finally: print("removed", flush=True)
"""
LOADING = """
class Finder:
    def find_spec(self, name, *_):
        if name == "rich_click": interrupt()
sys.meta_path.insert(0, Finder())
from encave.cli import main
main()
"""


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("body", [WITHIN + HALF_LOADED, WITHIN + FORGOTTEN, WITHIN + IN_A_FINALLY, LOADING])
def test_an_interrupt_ends_with_a_line(signal: str, body: str) -> None:
    code = INTERRUPT.format(signal) + body
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, "encave: interrupted\n")
    assert done.stdout == ("removed\n" if "removed" in body else "")


def test_other_errors_pass() -> None:
    code = WITHIN + "    raise ValueError('mine')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "ValueError: mine" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_under_json_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "runhistory.json").write_text("")
    code = "from encave.cli import main; main()"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "inspect", str(tmp_path), "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("encave: cannot write") and done.stderr.count("\n") == 1
