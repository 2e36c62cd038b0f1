"""DeepCAVE's web server on a session's configuration: `python -m encave.viewer.server --config FILE`.

DeepCAVE tells its server from its worker by the name of the script, so this file must be called server.py.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from .session import Session
from .tether import end_with_parent

_UPDATES = "/_dash-update-component"


def one_at_a_time(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that no two threads are in: DeepCAVE's updates empty a cache that others are writing into."""
    lock = threading.Lock()

    @wraps(view)
    def guarded(*args: Any, **options: Any) -> Any:
        with lock:
            return view(*args, **options)

    return guarded


def main() -> None:
    """Serve until the parent ends, then remove the session's folder."""
    end_with_parent(remove=Session.folder_of(sys.argv))
    from deepcave import app, config, run_handler
    from deepcave.layouts.main import MainLayout
    from deepcave.plugins import static
    from flask import Blueprint

    from .access import refuse_strangers
    from .config import ASSETS_URL
    from .failures import compute
    from .in_place import InPlace, install

    folder = str(Path(__file__).parent / "assets")
    app.server.register_blueprint(Blueprint("encave", __name__, static_folder=folder, static_url_path=ASSETS_URL))
    views: dict[str, Callable[..., Any]] = app.server.view_functions
    layout = MainLayout(config.PLUGINS)
    install(layout.plugins)
    static._process = compute  # type: ignore[attr-defined] # what the queue is given
    answers = InPlace(layout.plugins, lambda run_id: run_handler.get_run(run_id).name)
    views[_UPDATES] = one_at_a_time(answers.around(views[_UPDATES]))
    app.server.before_request(refuse_strangers)
    app.layout = layout()
    app.run_server(debug=False, port=config.DASH_PORT, host=config.DASH_ADDRESS)


if __name__ == "__main__":
    main()
