"""Each window of the browser has the state of a page to itself.

DeepCAVE keeps what a page was asked last, and how far its job is, in the one object that stands for the page. Two
windows on it undo each other's inputs, since each change counts as another run; the button of one tells of the job of
the other, and Raw Data shows the other's. The pages' script, `assets/news.js`, names its window in each request.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from copy import copy
from functools import wraps
from typing import Any

import flask
from deepcave.plugins import Plugin

_HEADER = "X-Encave-Window"
_STATE = (
    *("_blocked", "_previous_state", "_refresh_required", "_reset_button", "_state"),
    *("previous_inputs", "raw_outputs"),
)
_MOST = 100  # states kept; a window whose state is forgotten begins anew


class Windows:
    """The state of each page in each window.

    Args:
        plugins: DeepCAVE's pages by their ids, before any is opened.
        page_now: The page that the present request updates or opens; empty for what belongs to none.
    """

    def __init__(self, plugins: Mapping[str, Plugin], page_now: Callable[[], str]) -> None:
        self._plugins, self._page_now = plugins, page_now
        self._first = {name: _state(plugin) for name, plugin in plugins.items()}
        self._kept: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()

    def around(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """A view that finds each page as the window that asks has left it; no two threads may be in it for one page."""

        @wraps(view)
        def own(*args: Any, **options: Any) -> Any:
            page = self._page_now()
            if page not in self._plugins:
                return view(*args, **options)
            plugin, key = self._plugins[page], (page, window_now())
            vars(plugin).update(self._kept.pop(key, None) or {name: copy(v) for name, v in self._first[page].items()})
            try:
                return view(*args, **options)
            finally:
                self._kept[key] = _state(plugin)
                while len(self._kept) > _MOST:
                    self._kept.popitem(last=False)

        return own


def window_now() -> str:
    """Name of the window that asks; empty if it has none."""
    return flask.request.headers.get(_HEADER, "")


def _state(plugin: Plugin) -> dict[str, Any]:
    return {name: value for name, value in vars(plugin).items() if name in _STATE}
