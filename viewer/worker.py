"""DeepCAVE's worker on a session's configuration: `python -m encave.viewer.worker --config FILE`.

DeepCAVE tells its worker from its server by the name of the script, so this file must be called worker.py.
"""

# pyright: reportPrivateUsage=false, reportIncompatibleMethodOverride=false
# DeepCAVE's own worker reaches for the private connection and queue as well.
from __future__ import annotations

import sys
from typing import Any

from .session import Session
from .tether import die_with_parent, end_with_parent


def main() -> None:
    """Work until the parent ends."""
    die_with_parent()
    end_with_parent()
    folder = Session.folder_of(sys.argv)
    from deepcave import queue
    from rq import Connection, Worker

    from .symbolic import mend_gplearn

    mend_gplearn()

    class TetheredWorker(Worker):
        """A worker whose jobs, which are processes in sessions of their own, end with it; says when it is there."""

        def register_birth(self) -> None:
            super().register_birth()
            if folder is not None:
                Session.worker_ready(folder).touch()

        def main_work_horse(self, *args: Any) -> None:
            die_with_parent()
            super().main_work_horse(*args)

    with Connection(queue._connection):
        TetheredWorker([queue._queue]).work()


if __name__ == "__main__":
    main()
