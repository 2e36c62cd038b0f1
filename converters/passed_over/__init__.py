"""What lies at or below sources and was not read: logs, tables, dumps and trackers' folders, by kind."""

from .account import PassedOver, Unread, counted, in_words
from .dumps import PACKED
from .folder import unread_in
from .parts import sidecars

__all__ = ["PACKED", "PassedOver", "Unread", "counted", "in_words", "sidecars", "unread_in"]
