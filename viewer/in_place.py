"""A page whose callback failed, or whose result is not there yet, says so in place of another run's numbers.

DeepCAVE leaves on the page what it showed last: after an HTTP 500, after a job that failed, and until the button is
pressed for a run that has just been selected.
"""

# pyright: reportPrivateUsage=false
# DeepCAVE keeps the state of a page in private attributes.
from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import wraps
from html import escape
from textwrap import wrap
from typing import Any

import flask
from dash.exceptions import PreventUpdate
from deepcave.plugins import Plugin
from deepcave.plugins.dynamic import DynamicPlugin
from deepcave.plugins.static import PluginState

from ..errors import EncaveError
from .failures import guarded, reason, reason_in
from .windows import window_now

_PAGE = "content.children"
_COLUMNS = 100
_TELL_SECONDS = 2.0  # between two messages of how long a job has taken
_WAITING = {
    PluginState.NEEDS_PROCESSING: "Press “{button}” to compute this page for {run}.",
    PluginState.PROCESSING: "Computing this page for {run} …",
    PluginState.FAILED: "{page} could not be computed for {run}: the worker's job ended before its result. "
    "It may have run out of memory; press “{button}” to try again.",
}

log = logging.getLogger(__name__)

View = Callable[..., Any]
_process_raw_outputs = Plugin._process_raw_outputs


class NoResultError(EncaveError):
    """A page has nothing to show for the chosen inputs; the message says why."""


def install(plugins: Mapping[str, Plugin]) -> None:
    """Have the results of these pages, by their ids, checked for reasons why there are none."""
    Plugin._process_raw_outputs = _checked_outputs  # type: ignore[method-assign]
    for plugin in plugins.values():
        if isinstance(plugin, DynamicPlugin):
            plugin.use_cache = False  # what a page of several runs shows depends on the others, the key does not
            plugin.process = guarded(plugin.process)  # type: ignore[method-assign]


def _checked_outputs(self: Plugin, inputs: dict[str, Any], raw_outputs: dict[str, Any]) -> Any:
    for told in map(reason_in, raw_outputs.values()):
        if told and self.activate_run_selection:
            raise NoResultError(told)
    return _process_raw_outputs(self, inputs, raw_outputs)


class InPlace:
    """Answers of the page's callbacks.

    Args:
        plugins: DeepCAVE's pages by their ids.
        run_name: Name of the run or group with an id.
    """

    def __init__(self, plugins: Mapping[str, Plugin], run_name: Callable[[str], str]) -> None:
        self._plugins = plugins
        self._run_name = run_name
        self._waiting: dict[str, tuple[str, PluginState]] = {}  # place → inputs and state that it tells of
        self._since: dict[str, float] = {}  # place → when it began to wait
        self._told_at: dict[str, float] = {}  # place → when it last said for how long
        self._run_shown: dict[str, str | None] = {}  # place → the run it shows; None while it shows a message
        self._without_inputs: dict[str, str] = {}  # place → why its inputs could not be offered

    def around(self, view: View) -> View:
        """The view of all callbacks, with messages in the place of errors and of results of other inputs."""

        @wraps(view)
        def answered(*args: Any, **options: Any) -> Any:
            body: dict[str, Any] = flask.request.get_json() or {}
            if body["output"] == _PAGE:
                for told in (self._waiting, self._without_inputs, self._run_shown):
                    told.pop(_place(page_now()), None)
            place = _place(_page_of(body))
            if _is_result(body) and place in self._without_inputs:
                return self._told(body, self._without_inputs[place])
            try:
                answer = view(*args, **options)
            except PreventUpdate:
                return self._unchanged(body)
            except Exception as error:  # noqa: BLE001 - any failure of DeepCAVE's pages is told on the page
                return self._failed(body, error)
            for told in (self._waiting, self._without_inputs):
                told.pop(place, None)
            if _is_result(body):
                self._run_shown[place] = _run_id(body)
            return answer

        return answered

    def _unchanged(self, body: dict[str, Any]) -> Any:
        """Where the result of these inputs is not there, whatever was shown before is another's."""
        plugin = self._plugins.get(_page_of(body))
        state = getattr(plugin, "_state", None)
        if plugin is None or not _is_result(body):
            raise PreventUpdate
        place = _place(plugin.id)
        if state not in _WAITING:
            if self._run_shown.get(place, "") in ("", _run_id(body)):
                raise PreventUpdate
            self._run_shown[place] = _run_id(body)
            return self._told(body, f"Choose above what this page is to show for {self._run_of(body)}.")
        told = (_inputs(body), state)
        before = self._waiting.get(place)
        after_failure = before == (told[0], PluginState.FAILED) and state == PluginState.NEEDS_PROCESSING
        if after_failure or (before == told and not self._is_time(place, state)):
            raise PreventUpdate
        if before != told:
            self._since[place] = self._told_at[place] = time.monotonic()
        self._waiting[place] = told
        words = _WAITING[state].format(button=plugin.button_caption, run=self._run_of(body), page=plugin.name)
        passed = time.monotonic() - self._since[place]
        return self._told(body, f"{words} {passed:.0f} s" if before == told else words)

    def _is_time(self, place: str, state: Any) -> bool:
        """Whether a page that waits for a job is to say again for how long."""
        now = time.monotonic()
        if state != PluginState.PROCESSING or now - self._told_at[place] < _TELL_SECONDS:
            return False
        self._told_at[place] = now
        return True

    def _failed(self, body: dict[str, Any], error: Exception) -> Any:
        plugin = self._plugins.get(_page_of(body))
        if not isinstance(error, EncaveError):
            log.error("callback %s failed", body["output"], exc_info=error)
        if plugin is None:
            raise error
        verb = "cannot" if isinstance(error, EncaveError) else "could not"
        words = f"{plugin.name} {verb} be shown for {self._run_of(body)}: {reason(error)}"
        if not _is_result(body):
            self._without_inputs[_place(plugin.id)] = words
            self._run_shown[_place(plugin.id)] = None
            raise PreventUpdate
        if hasattr(plugin, "_blocked"):
            plugin._blocked = False  # type: ignore[attr-defined] # else the page waits for ever
        self._run_shown[_place(plugin.id)] = None
        return self._told(body, words)

    def _told(self, body: Mapping[str, Any], words: str) -> flask.Response:
        """The message in the place of results; the button Raw Data has none either."""
        if plugin := self._plugins.get(_page_of(body)):
            plugin.raw_outputs = None
        return _response(body, words)

    def _run_of(self, body: Mapping[str, Any]) -> str:
        """Name of the run that is selected on the page."""
        chosen = _run_id(body)
        try:
            return self._run_name(chosen) if chosen else "the selected runs"
        except RuntimeError:  # it has been removed meanwhile
            return "a run that is no longer selected"


def _place(page: str) -> str:
    """A page in the window that asks."""
    return f"{page} {window_now()}"


def page_now() -> str:
    """Id of the page that the request updates or opens; empty for what belongs to no page."""
    body: dict[str, Any] = flask.request.get_json() or {}
    if body["output"] != _PAGE:
        return _page_of(body)
    address = next((part.get("value") for part in _flat(body["inputs"]) if part["property"] == "pathname"), "")
    return str(address or "").removeprefix("/plugins/").partition("/")[0]


def _outputs(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _flat(body["outputs"])


def _flat(parts: Any) -> list[Any]:
    """Parts of a callback; Dash sends those of a pattern (`ALL`, `MATCH`) as a list of their own."""
    return [one for part in parts for one in _flat(part)] if isinstance(parts, list) else [parts]


def _page_of(body: Mapping[str, Any]) -> str:
    """Id of the page whose callback it is; page names hold no hyphen."""
    first = _outputs(body)[0]["id"]
    return first.partition("-")[0] if isinstance(first, str) else ""


def _run_id(body: Mapping[str, Any]) -> str:
    """Id of the run that is chosen on the page; empty on a page of several runs."""
    wanted = f"{_page_of(body)}-run-input"
    values = [p.get("value") for p in _flat(body["inputs"]) if p["id"] == wanted and p["property"] == "value"]
    return str(values[0] or "") if values else ""


def _is_result(body: Mapping[str, Any]) -> bool:
    """Whether the callback fills the outputs of a page."""
    return all(str(o["id"]).endswith("-output") and o["property"] in ("figure", "children") for o in _outputs(body))


def _inputs(body: Mapping[str, Any]) -> str:
    """What the user has chosen, as a text that is equal for equal choices."""
    return json.dumps([part for part in _flat(body["inputs"]) if str(part["id"]).endswith("-input")], sort_keys=True)


def _response(body: Mapping[str, Any], words: str) -> flask.Response:
    """The message in the first of the outputs; the others are emptied."""
    changed: dict[str, dict[str, Any]] = {}
    for number, output in enumerate(_outputs(body)):
        shown: Any = _figure(words if not number else "") if output["property"] == "figure" else _words(words, number)
        changed[output["id"]] = {output["property"]: shown}
    return flask.jsonify({"response": changed, "multi": True})


def _figure(words: str) -> dict[str, Any]:
    text = "<br>".join(escape(line, quote=False) for line in wrap(words, _COLUMNS))
    note = {"name": "encave", "text": text, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    axis = {"visible": False}
    return {"data": [], "layout": {"annotations": [note] if words else [], "xaxis": axis, "yaxis": axis}}


def _words(words: str, number: int) -> list[Any]:
    if number:
        return []
    properties = {"children": words, "className": "encave-message alert alert-warning"}
    return [{"type": "Div", "namespace": "dash_html_components", "props": properties}]
