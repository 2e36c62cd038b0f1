"""DeepCAVE's pages without a browser: its callbacks are called over HTTP, as Dash's front end does."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any

ONE_RUN = (
    "overview",
    "configurations",
    "footprint",
    "importances",
    "ablation_paths",
    "pdp",
    "parallel_coordinates",
    "ccube",
    "symbolic_explanations",
    "budget_correlation",
)
SEVERAL_RUNS = ("cost_over_time", "pareto_front")
_PATIENCE = 300.0  # seconds for a job of the worker, on a machine that has other work

Props = dict[tuple[str, str], Any]


class PageError(AssertionError):
    """The server answered with an error, or a job did not end."""


class Pages:
    """The pages of a running DeepCAVE, in a window of their own.

    Args:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self._window = uuid.uuid4().hex
        self._get(url)  # leaves the cookie
        self._base = url.partition("?")[0]
        self.callbacks = json.loads(self._get(f"{self._base}_dash-dependencies"))

    def open(self, name: str) -> Page:
        """Open a page as the side bar does."""
        return Page(self, name)

    def call(self, output: str, props: Props, changed: str = "") -> Props:
        """Call the callback with this output and return what it changes.

        Raises:
            PageError: the server answered with an error.
        """
        (callback,) = (c for c in self.callbacks if c["output"] == output)
        names = [part.rpartition(".") for part in output.strip(".").split("...")]
        outputs = [{"id": name, "property": prop} for name, _, prop in names]

        def values(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [{**part, "value": props.get((part["id"], part["property"]))} for part in parts]

        body = {
            "output": output,
            "outputs": outputs if output.startswith("..") else outputs[0],
            "inputs": values(callback["inputs"]),
            "state": values(callback["state"]),
            "changedPropIds": [changed] if changed else [],
        }
        answer = self.post(json.dumps(body))
        if not answer:
            return {}
        told = json.loads(answer)["response"]
        return {(name, prop): value for name, changes in told.items() for prop, value in changes.items()}

    def alert(self) -> str:
        """What the page says above in a box that is told once, e.g. why a run cannot be selected."""
        output = "..alert.children...alert.color...alert.is_open.."
        return str(self.call(output, {("global-update", "n_intervals"): 1}).get(("alert", "children"), ""))

    def post(self, body: str) -> str:
        """Call a callback and return the answer.

        Raises:
            PageError: the server answered with an error.
        """
        return self._get(f"{self._base}_dash-update-component", body.encode())

    def get(self, path: str, method: str = "GET") -> str:
        """What is at a path below the address."""
        return self._get(f"{self._base}{path}", b"{}" if method == "POST" else None)

    def output_of(self, *, starts: str, ends: str, beside: str) -> str:
        """Name of the callback whose first output starts and ends so, among whose inputs is `beside`."""
        found = [
            c["output"]
            for c in self.callbacks
            if (first := c["output"].strip(".").split("...")[0].rpartition(".")[0]).startswith(starts)
            and first.endswith(ends)
            and any(beside == f"{part['id']}.{part['property']}" for part in c["inputs"])
        ]
        return found[0] if found else ""

    def _get(self, url: str, body: bytes | None = None) -> str:
        headers = {"X-Encave-Window": self._window} | ({"Content-Type": "application/json"} if body else {})
        request = urllib.request.Request(url, body, headers)
        try:
            with self._opener.open(request, timeout=600) as response:
                return str(response.read().decode())
        except urllib.error.HTTPError as error:
            words = " ".join(error.read().decode(errors="replace").split())[-300:]
            raise PageError(f"HTTP {error.code}: {words}") from error


class Page:
    """One page, opened; `props` are the properties of its components."""

    def __init__(self, pages: Pages, name: str) -> None:
        self._pages = pages
        self.name = name
        address = f"http://127.0.0.1/plugins/{name}"
        self.props: Props = {("on-page-load", "pathname"): f"/plugins/{name}", ("on-page-load", "href"): address}
        layout = pages.call("content.children", self.props, "on-page-load.pathname")["content", "children"]
        self.words = " ".join(_words(layout))
        self.props.update(_properties(layout))
        self._menus = set(_menus(layout))
        self.outputs = {key for key in self.props if key[0].startswith(f"{name}-") and key[0].endswith("-output")}
        self._inputs = pages.output_of(starts=f"{name}-", ends="-input", beside="on-page-load.href")
        self._shows = pages.output_of(starts=f"{name}-", ends="-output", beside=f"{name}-update-button.n_clicks")
        self.is_drawn = (f"{name}-update-button", "children") in self.props
        if self.is_drawn:
            self._refresh("on-page-load.href")

    @property
    def computes(self) -> bool:
        """Whether the worker computes what is shown, after a press of the button."""
        return (f"{self.name}-update-interval", "n_intervals") in self.props or (
            f"{self.name}-update-interval-output",
            "data",
        ) in self.props

    def options(self, name: str) -> list[tuple[Any, str]]:
        """Value and label of each choice that an input offers."""
        offered = self.props.get((f"{self.name}-{name}-input", "options")) or []
        return [(o["value"], str(o["label"])) for o in offered if o["value"] != "" and not o.get("disabled")]

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs."""
        return sorted({name for key, _ in self.props if (name := self._between(key, "-input"))})

    def marks(self, name: str) -> list[float]:
        """Values that a slider offers, ascending."""
        marks = [float(mark) for mark in self.props.get((f"{self.name}-{name}-input", "marks")) or ()]
        return sorted(int(mark) if mark.is_integer() else mark for mark in marks)

    def value(self, name: str) -> Any:
        """Value of an input."""
        return self.props.get((f"{self.name}-{name}-input", "value"))

    def set(self, name: str, value: Any, *, chosen: bool = True) -> None:
        """Give an input a value, and let the page react; one that is chosen from a menu is sent as text."""
        key = (f"{self.name}-{name}-input", "value")
        self.props[key] = _as_text(value) if chosen and key[0] in self._menus else value
        self._refresh(".".join(key))

    def press(self) -> Props:
        """Press the button, and return what changes."""
        button = f"{self.name}-update-button"
        self.props[button, "n_clicks"] = 1
        changes = self._pages.call(self._shows, self.props, f"{button}.n_clicks")
        self.props[button, "n_clicks"] = None
        self.props.update(changes)
        return changes

    def compute(self) -> float:
        """Press the button, and wait until the result is shown; seconds.

        Raises:
            PageError: the job failed or did not end.
        """
        began = time.monotonic()
        changes = self.press()
        while not _are_results(changes):
            if time.monotonic() - began > _PATIENCE:
                raise PageError(f"no result of {self.name} within {_PATIENCE:.0f} s")
            time.sleep(0.1)
            changes = self.poll()
        return time.monotonic() - began

    def call(self, output: str, props: Props) -> Props:
        """Call another callback of the page and return what it changes."""
        return self._pages.call(output, props)

    def poll(self) -> Props:
        """Ask for the result as the page's clock does, and return what changes."""
        interval = f"{self.name}-update-interval-output"
        self.props[interval, "data"] = (self.props.get((interval, "data")) or 0) + 1
        changes = self._pages.call(self._shows, self.props, f"{interval}.data")
        self.props.update(changes)
        return changes

    def shown(self) -> dict[str, Any]:
        """What the outputs show: name → figure or children."""
        return {
            name: self.props[key, prop]
            for key, prop in sorted(self.props)
            if prop in ("figure", "children") and (name := self._between(key, "-output"))
        }

    def message(self) -> str:
        """What the page says in place of a result; empty if it shows one."""
        return next((text for value in self.shown().values() if (text := message_in(value))), "")

    def text(self) -> str:
        """All words of the outputs."""
        return " ".join(_words(list(self.shown().values())))

    def traces(self) -> list[dict[str, Any]]:
        """Traces of all figures."""
        figures = [value for value in self.shown().values() if isinstance(value, dict) and "data" in value]
        return [trace for figure in figures for trace in figure["data"]]

    def _between(self, key: str, suffix: str) -> str:
        """Name of an input or output in the id of its component; empty for another, and for the frame of all."""
        prefix = f"{self.name}-"
        return key[len(prefix) : -len(suffix)] if key.startswith(prefix) and key.endswith(suffix) else ""

    def _refresh(self, changed: str) -> None:
        if self._inputs:
            self.props.update(self._pages.call(self._inputs, self.props, changed))
        if self._shows:
            self.props.update(self._pages.call(self._shows, self.props, changed))


def message_in(value: Any) -> str:
    """The message that stands in place of a result, in one output."""
    if isinstance(value, dict) and "layout" in value:
        return next((a["text"] for a in value["layout"].get("annotations", ()) if a.get("name") == "encave"), "")
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if isinstance(part, dict) and "encave-message" in str(part.get("props", {}).get("className")):
            return " ".join(_words(part))
    return ""


def _are_results(changes: Props) -> bool:
    waiting = any(message_in(value).startswith(("Press", "Computing")) for value in changes.values())
    return not waiting and any(value not in (None, "", []) for value in changes.values())


def _components(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for part in node:
            yield from _components(part)
    elif isinstance(node, dict):
        if "props" in node:
            yield node["props"]
        for part in node.values():
            yield from _components(part)


def _menus(node: Any) -> Iterator[str]:
    """Ids of the menus, whose values the browser sends as text."""
    for part in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
        yield from _menus(part)
    if isinstance(node, dict) and node.get("type") == "Select":
        yield node["props"]["id"]


def _as_text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _properties(layout: Any) -> Props:
    return {
        (component["id"], name): value
        for component in _components(layout)
        if isinstance(component.get("id"), str)
        for name, value in component.items()
    } | {
        (component["id"], "value"): component.get("value")
        for component in _components(layout)
        if str(component.get("id")).endswith("-input")
    }


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, (str, int, float)) and not isinstance(node, bool):
        yield str(node)
    elif isinstance(node, list):
        for part in node:
            yield from _words(part)
    elif isinstance(node, dict):
        yield from _words(node.get("props", {}).get("children"))
