"""Words of notes: the first of many things."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 5


def listed(things: Sequence[object]) -> str:
    """The first five of some things, as numbers of lines, and a mark where there are more."""
    return ", ".join(map(str, things[:_SHOWN])) + (", …" if len(things) > _SHOWN else "")
