"""Which requests the page answers: those that this machine's browser makes for the page itself."""

from __future__ import annotations

from urllib.parse import urlsplit

import flask

_NAMES = ("127.0.0.1", "localhost")


def refuse_strangers() -> flask.Response | None:
    """403 for a request under another host's name, or that another page has made; None lets it pass.

    A name that leads to loopback (DNS rebinding), or a foreign page, would else read and steer the session.
    The port may be another one, that of an ssh tunnel.
    """
    host = flask.request.host
    origin = flask.request.headers.get("Origin")
    if urlsplit(f"//{host}").hostname in _NAMES and (origin is None or urlsplit(origin).netloc == host):
        return None
    words = "This page is answered under the addresses 127.0.0.1 and localhost only, and for itself only.\n"
    return flask.Response(words, status=403, mimetype="text/plain")
