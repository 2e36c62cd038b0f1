"""Bounds of what a pickle may make are met to the member, on either side."""

from __future__ import annotations

import pytest

from encave.errors import EncaveError
from encave.files import pickle_check, pickle_classes, pickle_sharing, pickle_stack

OBJECT = b"cm\nA\n)\x81"  # of a class found by its name, made by NEWOBJ


def nested(levels: int) -> bytes:
    """An object whose state holds one whose state holds one …"""
    return b"\x80\x04" + (OBJECT + b"}\x8c\x01a") * levels + b"N" + b"sb" * levels + b"."


def test_objects_nested_by_their_states_count_as_nested() -> None:
    most = pickle_stack.MOST_DEPTH // 2  # a state is a level, and what holds it
    assert pickle_check.check(nested(most), "it") == []
    with pytest.raises(EncaveError, match=r"it has objects nested more than 200 deep \(at byte \d+\): not loaded"):
        pickle_check.check(nested(most + 1), "it")


def test_members_count_as_often_as_they_are_referred_to(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [1.5, "a"]  # three: a list and its two members
    monkeypatch.setattr(pickle_sharing, "MOST_MEMBERS", 9)
    pickle_sharing.check([shared] * 3, "it")
    with pytest.raises(EncaveError, match="it has objects that hold each other over and over, more than 9"):
        pickle_sharing.check([shared] * 3 + ["b"], "it")


@pytest.mark.parametrize("text", ["i4,i4", "(9,9)f8", "V8", "no type", 5, None])
def test_types_of_arrays_are_plain(text: object) -> None:
    assert pickle_classes.Type("f8", False, True).dtype == float
    with pytest.raises(ValueError, match=r"^the type .* of an array, which encave does not read$"):
        pickle_classes.Type(text)
