"""The page answers only who brings its token, under its own name, and from itself."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import flask
import pytest
from flask.testing import FlaskClient

from encave.viewer.access import Gate
from encave.viewer.launch import Viewer

COOKIE = {"Cookie": "encave-8050=secret"}


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    """A client of a page behind the gate."""
    app = flask.Flask(__name__)
    app.add_url_rule("/", "page", lambda: "page", methods=["GET", "POST"])
    app.add_url_rule("/plugins/<name>", "plugin", lambda name: name)
    app.before_request(Gate("secret", 8050).check)
    with app.test_client(use_cookies=False) as found:
        yield found


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8050", None, 200),
        ("localhost:9000", "http://localhost:9000", 200),
        ("rebound.example:8050", None, 403),
        ("127.0.0.1:8050", "http://elsewhere.example", 403),
        ("127.0.0.1:8050", "http://127.0.0.1:9999", 403),
        ("127.0.0.1:8050", "null", 403),
    ],
)
def test_host_and_origin_are_checked(client: FlaskClient, host: str, origin: str | None, status: int) -> None:
    headers = {"Host": host} | COOKIE | ({"Origin": origin} if origin else {})
    assert client.get("/", headers=headers).status_code == status


@pytest.mark.parametrize(
    "headers", [{}, {"Cookie": "encave-8050=other"}, {"Cookie": "encave-9000=secret"}, {"Cookie": "encave-8050="}]
)
def test_without_the_token_every_answer_is_403(client: FlaskClient, headers: dict[str, str]) -> None:
    local = {"Host": "127.0.0.1:8050"} | headers
    for path in ("/", "/plugins/overview", "/no/such/page", "/static/file", "/?token=", "/?token=other"):
        assert client.get(path, headers=local).status_code == 403
    assert client.post("/?token=secret", headers=local).status_code == 403


def test_the_token_leaves_a_cookie_and_the_address(client: FlaskClient) -> None:
    answer = client.get(
        base_url="http://127.0.0.1:8050",
        query_string="token=secret&inputs=%7B%7D",
        environ_overrides={"PATH_INFO": "//elsewhere.example/x"},
    )
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["Location"])
    assert parts.netloc in ("", "127.0.0.1:8050")
    assert (parts.path, parts.query) == ("/elsewhere.example/x", "inputs=%7B%7D")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("encave-8050=secret;")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.end_to_end
def test_a_stranger_gets_403_at_every_route_of_deepcave(viewer: Viewer) -> None:
    """Pages, Dash's callbacks, scripts and our own files, asked for as another account of this machine would."""
    callback = json.dumps({"output": "content.children", "inputs": []})
    asked = [
        ("GET", ""),
        ("GET", "plugins/overview"),
        ("GET", "_dash-layout"),
        ("GET", "_dash-dependencies"),
        ("GET", "_reload-hash"),
        ("GET", "_favicon.ico"),
        ("GET", "_dash-component-suites/dash/deps/react@16.v2_0_0m1.min.js"),
        ("GET", "assets/custom.css"),
        ("GET", "encave-assets/bootstrap.min.css"),
        ("POST", "_dash-update-component"),
        ("POST", "shutdown"),
        ("OPTIONS", ""),
        ("PUT", "plugins/overview"),
    ]
    port = urlsplit(viewer.base).port
    for method, path in asked:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        body = callback if method == "POST" else None
        connection.request(method, f"/{path}", body, {"Content-Type": "application/json"})
        assert connection.getresponse().status == 403, (method, path)
        connection.close()
