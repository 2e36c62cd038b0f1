"""DeepCAVE's web server on a session's configuration: `python -m encave.viewer.server --config FILE`.

DeepCAVE tells its server from its worker by the name of the script, so this file must be called server.py.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import touch_points
from .news import add_new_runs, new_runs
from .redis_keys import remove_session_keys
from .session import Session
from .tether import end_with_parent

_UPDATES = "/_dash-update-component"


def leave_nothing(folder: Path, session: Session) -> None:
    """Remove the session's folder, if its parent could not, and its keys in a Redis that others use too."""
    shutil.rmtree(folder, ignore_errors=True)
    if not session.own_redis:
        remove_session_keys(session)


def _news(folder: Path, handler: Any) -> Any:
    """Names of the runs that have appeared; a POST adds them."""
    import flask

    if flask.request.method == "POST":
        add_new_runs(folder, handler)
    return flask.jsonify([Path(run).name for run in new_runs(folder, handler.get_selected_run_paths())])


def main() -> None:
    """Serve until the parent ends, then remove the session's folder."""
    folder = Session.folder_of(sys.argv)
    if folder is None:
        raise SystemExit("server.py wants --config with the file of a session")
    session = Session.read(folder)
    end_with_parent(lambda: leave_nothing(folder, session))
    touch_points.check(folder)
    import deepcave
    from deepcave import app, config, notification, rc, run_handler, version
    from deepcave.layouts.main import MainLayout
    from deepcave.plugins import static
    from flask import Blueprint

    from . import first_inputs, notices
    from .access import Gate
    from .config import ASSETS_URL
    from .failures import compute
    from .in_place import InPlace, install, page_now
    from .locks import KeptResults, PageLocks, guard_shared
    from .windows import Windows

    if session.cache:
        rc.cache_dir = Path(session.cache) / f"deepcave-{version}"
    assets = str(Path(__file__).parent / "assets")
    app.server.register_blueprint(Blueprint("encave", __name__, static_folder=assets, static_url_path=ASSETS_URL))
    app.config.external_scripts.append(f"{ASSETS_URL}/news.js")
    app.server.add_url_rule("/encave-news", "news", lambda: _news(folder, run_handler), methods=["GET", "POST"])
    views: dict[str, Callable[..., Any]] = app.server.view_functions
    guard_shared()
    deepcave.rc = KeptResults(rc)  # type: ignore[assignment] # the pages take it from there, the layout has its own
    layout = MainLayout(config.PLUGINS)
    install(layout.plugins)
    first_inputs.install(layout.plugins.values())
    notices.install(notification)
    static._process = compute  # type: ignore[attr-defined] # what the queue is given
    answers = InPlace(layout.plugins, lambda run_id: run_handler.get_run(run_id).name)
    windows = Windows(layout.plugins, page_now)
    views[_UPDATES] = PageLocks(page_now).around(windows.around(answers.around(views[_UPDATES])))
    app.server.before_request(Gate(session.token, session.dash_port).check)
    app.layout = layout()
    app.run_server(debug=False, port=config.DASH_PORT, host=config.DASH_ADDRESS)


if __name__ == "__main__":
    main()
