"""What lies at or below sources and was not read: logs, tables, dumps and trackers' folders, by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files.lazy import handed_on

if TYPE_CHECKING:
    from .account import EVENTS, PACKED, PassedOver, Unread, counted, in_words
    from .folder import unread_in
    from .parts import sidecars

_HOMES = {
    **dict.fromkeys(("EVENTS", "PACKED", "PassedOver", "Unread", "counted", "in_words"), ".account"),
    "unread_in": ".folder",
    "sidecars": ".parts",
}
__all__ = ["EVENTS", "PACKED", "PassedOver", "Unread", "counted", "in_words", "sidecars", "unread_in"]
__getattr__, __dir__ = handed_on(__name__, _HOMES)
