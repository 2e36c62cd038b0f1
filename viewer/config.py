"""The `Config` that DeepCAVE's processes load: own cache and ports, the runs preselected, the corrected classes.

Imported in the processes that `launch` starts, while `deepcave` itself is being imported, so anything that needs
`deepcave.app` is imported inside.
"""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# DeepCAVE offers no other way to name its class of groups.

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from deepcave.config import Config

from . import job_queue
from .session import Session

ASSETS_URL = "/encave-assets"


def session_config(folder: Path) -> type[Config]:
    """The configuration class for the session that `launch` wrote into a folder."""
    session = Session.read(folder)
    _use_local_styles()
    job_queue.install(session.queue)
    _use_corrected_groups()

    class SessionConfig(Config):
        TITLE = "DeepCAVE (encave)"
        REDIS_ADDRESS, REDIS_PORT = session.redis_address, session.redis_port  # type: ignore[assignment]
        DASH_PORT = session.dash_port
        META_DEFAULT = {  # noqa: RUF012 - DeepCAVE copies it
            "working_dir": session.working_directory,
            "selected_run_paths": list(session.runs),
            "groups": {name: list(paths) for name, paths in session.groups.items()},
        }

        @property
        def CACHE_DIR(self) -> Path:  # noqa: N802
            return folder / "cache"

        @property
        def CONVERTERS(self) -> list[Any]:  # noqa: N802
            from .deepcave_run import EncaveRun

            EncaveRun.names.update(session.names)
            EncaveRun.first = session.objective
            return [EncaveRun]

        @property
        def PLUGINS(self) -> dict[str, list[Any]]:  # noqa: N802
            from .colors import repeat_colors

            repeat_colors()
            from . import comparison_pages, layout_pages, run_pages

            for corrected in (
                run_pages.EncaveImportances,
                run_pages.EncaveAblationPaths,
                run_pages.EncavePartialDependencies,
                run_pages.EncaveFootPrint,
                layout_pages.EncaveConfigurationCube,
                layout_pages.EncaveConfigurations,
                layout_pages.EncaveOverview,
                layout_pages.EncaveParallelCoordinates,
                layout_pages.EncaveSymbolicExplanations,
                comparison_pages.EncaveCostOverTime,
                comparison_pages.EncaveParetoFront,
            ):  # in place of the stock class, an instance of which would register its callbacks too
                stock = next(base for base in corrected.__mro__ if base.__module__.startswith("deepcave."))
                setattr(sys.modules[stock.__module__], stock.__name__, corrected)
            return super().PLUGINS

    return SessionConfig


def _use_local_styles() -> None:
    """The page's two style sheets come from this machine, so that it looks the same offline."""
    import dash_bootstrap_components as dbc

    dbc.themes.BOOTSTRAP = f"{ASSETS_URL}/bootstrap.min.css"
    dbc.icons.FONT_AWESOME = f"{ASSETS_URL}/fontawesome.min.css"


def _use_corrected_groups() -> None:
    from deepcave.runs import handler

    from .deepcave_group import group_of

    handler.Group = group_of
