"""The page answers neither under another name nor to another page."""

from __future__ import annotations

import flask
import pytest

from encave.viewer.access import refuse_strangers


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
def test_host_and_origin_are_checked(host: str, origin: str | None, status: int) -> None:
    app = flask.Flask(__name__)
    app.add_url_rule("/", "page", lambda: "page")
    app.before_request(refuse_strangers)
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    assert app.test_client().get("/", headers=headers).status_code == status
