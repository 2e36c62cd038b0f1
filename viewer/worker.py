"""DeepCAVE's workers on a session's configuration: `python -m encave.viewer.worker --config FILE`.

DeepCAVE tells its worker from its server by the name of the script, so this file must be called worker.py.
"""

# pyright: reportPrivateUsage=false, reportIncompatibleMethodOverride=false
# DeepCAVE's own worker reaches for the private connection and queue as well.
from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from .session import Session
from .tether import die_with_parent, end_with_parent

_ANALYSES = (
    f"{__package__}.run_pages",
    "deepcave.plugins.hyperparameter.symbolic_explanations",
)


def main() -> None:
    """Work until the parent ends or one of the workers does.

    The workers are forks of this process, so that what DeepCAVE's analyses import is read and held in memory once.
    """
    die_with_parent()
    folder = Session.folder_of(sys.argv)
    if folder is None:
        raise SystemExit("worker.py wants --config with the file of a session")
    session = Session.read(folder)
    _import_analyses()
    for number in range(session.workers):
        if os.fork() == 0:
            _work(folder, f"{session.queue}-{number}")
            os._exit(0)
    end_with_parent()
    _, status = os.wait()
    raise SystemExit(os.waitstatus_to_exitcode(status) or "a worker has ended")


def _import_analyses() -> None:
    """What jobs need: imported before the forks, it costs no job any time."""
    for name in _ANALYSES:
        import_module(name)
    from .symbolic import mend_gplearn

    mend_gplearn()


def _work(folder: Path, name: str) -> None:
    die_with_parent()
    end_with_parent()
    from deepcave import queue
    from rq import Connection, Worker

    class TetheredWorker(Worker):
        """A worker whose jobs, which are processes in sessions of their own, end with it; says when it is there."""

        def register_birth(self) -> None:
            super().register_birth()
            Session.worker_ready(folder).touch()

        def main_work_horse(self, *args: Any) -> None:
            die_with_parent()
            super().main_work_horse(*args)

    with Connection(queue._connection):
        TetheredWorker([queue._queue], name=name).work()


if __name__ == "__main__":
    main()
