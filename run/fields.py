"""The fields of a run: of which type each is, and that its text can be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ..errors import EncaveError, check_type
from ..files.unicode_text import has_halves, is_unicode, spelt_out
from .checks import TEXT
from .header import Optimizer
from .notes import Note
from .provenance import Provenance

_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "text"),
    "budget_name": (TEXT, "text or None"),
    "optimizer": (Optimizer, 'like encave.Optimizer("DEHB")'),
    "objectives": (tuple, "a tuple of encave.Objective"),
    "trials": (pa.Table, "an Arrow table"),
    "configurations": (pa.Table, "an Arrow table"),
    "inferred_space": (bool, "True or False"),
    "provenance": (Provenance, 'like encave.Provenance(task="mlp", seed=0)'),
    "notes": (tuple, "a tuple of encave.Note"),
}
FIELDS = frozenset({*_KINDS, "space_json"})
_TOLD = ("name", "optimizer", "budget_name", "notes", "provenance")  # for people
SPELT_OUT = Note("flagged", r"text that is no Unicode (half a letter) is spelt out, as in \ud800")
"""Of a run that had such text."""


def checked_fields(fields: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Some fields of a run, as they may be in one, and whether text was spelt out for that.

    Raises:
        EncaveError: a field is of another type, or names what cannot be written.
    """
    for name in fields.keys() & _KINDS.keys():
        check_type(f"the {name} of a run", fields[name], *_KINDS[name])
    if has_halves(fields.get("objectives")):
        raise EncaveError("the name or the unit of an objective holds text that is no Unicode (half a letter)")
    if "space_json" in fields and not is_unicode(fields["space_json"]):
        raise EncaveError("a hyperparameter or one of its values holds text that is no Unicode (half a letter)")
    told = {name: spelt_out(fields[name]) for name in _TOLD if name in fields}
    return {**fields, **told}, any(told[name] is not fields[name] for name in told)
