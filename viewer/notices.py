"""What DeepCAVE says at the top of a page, for a while, so that every page that is open says it.

DeepCAVE forgets a message once a browser has asked for it, which may be another tab or the page that was just left.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from deepcave.utils.notification import Notification

SECONDS = 3.0
"""How long a message is handed out; a page asks twice a second."""

Notice = tuple[str, str]


def install(notification: Notification) -> None:
    """Keep the messages of DeepCAVE's notification for `SECONDS`."""
    notification.get_latest = _kept(notification.get_latest)  # type: ignore[method-assign]


def _kept(latest: Callable[[], Notice | None]) -> Callable[[], Notice | None]:
    kept: Notice | None = None
    since = 0.0

    def get_latest() -> Notice | None:
        nonlocal kept, since
        new = latest()
        if new is not None:
            kept, since = new, time.monotonic()
        elif time.monotonic() - since > SECONDS:
            kept = None
        return kept

    return get_latest
