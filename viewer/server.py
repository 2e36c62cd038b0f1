"""DeepCAVE's web server on a session's configuration: `python -m encave.viewer.server --config FILE`.

DeepCAVE tells its server from its worker by the name of the script, so this file must be called server.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .session import Session
from .tether import end_with_parent


def main() -> None:
    """Serve until the parent ends, then remove the session's folder."""
    end_with_parent(remove=Session.folder_of(sys.argv))
    from deepcave import app, config
    from deepcave.layouts.main import MainLayout
    from flask import Blueprint

    from .config import ASSETS_URL

    folder = str(Path(__file__).parent / "assets")
    app.server.register_blueprint(Blueprint("encave", __name__, static_folder=folder, static_url_path=ASSETS_URL))
    app.layout = MainLayout(config.PLUGINS)()
    app.run_server(debug=False, port=config.DASH_PORT, host=config.DASH_ADDRESS)


if __name__ == "__main__":
    main()
