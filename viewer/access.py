"""Which requests the page answers: those that this session's browser makes for the page itself."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode, urlsplit

import flask

_NAMES = ("127.0.0.1", "localhost")
_TOKEN = "token"


class Gate:
    """Lets a request pass, or answers in the page's place.

    A name that leads to loopback (DNS rebinding), a foreign page or another account of this machine would else read
    and steer the session. The token is asked for once, in the address; then a cookie stands for it.

    Args:
        token: What the address must hold.
        port: The page's port, by which its cookie is told from that of another session under the same name.
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token
        self._cookie = f"encave-{port}"

    def check(self) -> flask.Response | None:
        """403 for a stranger's request, a redirect without the token for one that brings it; None lets it pass.

        The port may be another one, that of an ssh tunnel.
        """
        request = flask.request
        origin = request.headers.get("Origin")
        if urlsplit(f"//{request.host}").hostname not in _NAMES or (origin and urlsplit(origin).netloc != request.host):
            return _refused(
                "This page is answered under the addresses 127.0.0.1 and localhost only, and for itself only."
            )
        if self._is_token(request.cookies.get(self._cookie)) and _TOKEN not in request.args:
            return None
        if request.method == "GET" and self._is_token(request.args.get(_TOKEN)):
            return self._welcome()
        return _refused("This page asks for the whole address that `encave open` has printed, with its token.")

    def _is_token(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(given.encode(), self._token.encode())

    def _welcome(self) -> flask.Response:
        """The same address without the token, which would else stay in the address bar; and the cookie."""
        rest = urlencode([(key, value) for key, value in flask.request.args.items(multi=True) if key != _TOKEN])
        place = "/" + flask.request.path.lstrip("/") + (f"?{rest}" if rest else "")
        answer = flask.Response(status=302, headers={"Location": place, "Cache-Control": "no-store"})
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="Lax")
        return answer


def _refused(words: str) -> flask.Response:
    return flask.Response(f"{words}\n", status=403, mimetype="text/plain")
