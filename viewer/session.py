"""What the processes of one viewer share: a folder of its own with its ports, its selection and DeepCAVE's cache."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

_FILE = "session.json"
_READY = "worker.ready"
_PACKAGE = "encave_session"  # DeepCAVE imports a configuration file as <its folder>.<its name>
_CONFIG = """from pathlib import Path

from encave.viewer.config import session_config

Config = session_config(Path(__file__).parent.parent)
"""


@dataclass(frozen=True)
class Session:
    """One viewer."""

    runs: Sequence[str]
    """Folders of the runs that are selected."""
    groups: Mapping[str, Sequence[str]]
    """Group name → folders of its runs."""
    working_directory: str
    """Folder whose sub-folders the first page offers."""
    dash_port: int
    """Port of the page."""
    redis_address: str
    """Redis as `redis://[:password@]host`."""
    redis_port: str
    """Its port, with `/database` if it is not the first."""
    queue: str
    """Name of the queue of jobs, which no other viewer has."""
    token: str
    """What the address of the page must hold."""
    workers: int
    """How many jobs are computed at a time."""
    cache: str | None
    """Folder of results that outlast the session; None keeps them in the session's own."""
    own_redis: bool
    """Whether Redis ends with the session."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Folder of a run → what its objective is called."""
    objective: str | None = None
    """Name of the objective that comes first, of runs that have it."""

    def write(self, folder: Path) -> Path:
        """Write the session into its folder and return the configuration file for DeepCAVE.

        The folder, in which the processes work, also holds a link to encave, which need not be installed in their
        Python.
        """
        (folder / "encave").symlink_to(Path(__file__).resolve().parent.parent, target_is_directory=True)
        (folder / _FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        config = folder / _PACKAGE / "config.py"
        config.parent.mkdir()
        (config.parent / "__init__.py").touch()
        config.write_text(_CONFIG, encoding="utf-8")
        return config

    @classmethod
    def read(cls, folder: Path) -> Session:
        """The session of a folder."""
        return cls(**json.loads((folder / _FILE).read_text(encoding="utf-8")))

    @staticmethod
    def worker_ready(folder: Path) -> Path:
        """File that the worker leaves when it takes jobs."""
        return folder / _READY

    @staticmethod
    def folder_of(arguments: Sequence[str]) -> Path | None:
        """The session's folder, from a process's `--config FILE`; None if it is no session's."""
        folder = Path(arguments[arguments.index("--config") + 1]).parent.parent
        return folder if (folder / _FILE).is_file() else None
