"""The check of a pickle's instructions: what each does to the numbers on the stack and in the memo, and its refusals.

An object's number is `depth * DEPTH + size`: `D` is a container, `D + n + 1` a tuple of n plain ones, 0 a plain one.
"""

from __future__ import annotations

import struct

import pytest

from encave.errors import EncaveError
from encave.files import pickle_check, pickle_instructions, pickle_keys, pickle_stack

D = pickle_keys.DEPTH
FLOAT = b"G" + struct.pack(">d", 1.5)


def counted(code: bytes, size: int, text: bytes) -> bytes:
    return code + len(text).to_bytes(size, "little") + text


PLAIN = {
    "none": b"N",
    "true": b"\x88",
    "false": b"\x89",
    "one byte": b"K\x01",
    "two bytes": b"M\x01\x02",
    "four bytes": b"J\x01\x02\x03\x04",
    "int": b"I12\n",
    "long": b"L12L\n",
    "float as text": b"F1.5\n",
    "long of one byte": counted(b"\x8a", 1, b"\x01"),
    "long of nine bytes": counted(b"\x8a", 1, b"\x01" * 9),
    "long of four": counted(b"\x8b", 4, b"\x01\x02"),
    "float": FLOAT,
    "empty tuple": b")",
    "string": b"S'a'\n",
    "unicode": b"Vab\n",
    "binstring": counted(b"T", 4, b"abc"),
    "short binstring": counted(b"U", 1, b"abc"),
    "bytes": counted(b"B", 4, b"abc"),
    "short bytes": counted(b"C", 1, b"abc"),
    "text": counted(b"X", 4, b"abc"),
    "short text": counted(b"\x8c", 1, b"abc"),
    "long text": counted(b"\x8d", 8, b"abc"),
    "long bytes": counted(b"\x8e", 8, b"abc"),
    "bytearray": counted(b"\x96", 8, b"abc"),
    "class": b"cos\nsystem\n",
    "class by texts": b"\x8c\x01a\x8c\x01b\x93",
}


@pytest.mark.parametrize("plain", PLAIN.values(), ids=PLAIN)
def test_plain_objects_are_nothing_wherever_they_stand(plain: bytes) -> None:
    for data, top in (
        (plain, 0),
        (plain + plain + b"\x86", D + 3),
        (b"](" + plain + plain + plain + b"e", D),
        (b"}(" + plain + plain + b"u", D),
        (b"]" + plain + b"a", D),
        (plain + b"0" + plain, 0),
    ):
        assert pickle_check.numbers(data + b".rest", "it") == ([], top)
        assert pickle_check.length(data + b".rest", "it") == len(data) + 1
    assert pickle_check.numbers(plain + b"\x94.", "it") == ([0], 0)
    assert pickle_check.check(plain + b"\x940h\x00.", "it") == []  # taken again it is nothing, too
    for end in range(len(plain) + 1):
        with pytest.raises(EncaveError, match=r"^it "):
            pickle_check.check(plain[:end], "it")


@pytest.mark.parametrize(
    ("data", "top"),
    [
        (b"]", D),
        (b"}", D),
        (b"\x8f", D),
        (b"N\x85", D + 2),
        (b"NNN\x87", D + 4),
        (b"(t", D + 1),
        (b"(NNNNt", D + 5),
        (b"N\x85\x85", 2 * D + 4),
        (b"]\x85", 2 * D + 2),
        (b"N\x85N\x85\x86", 2 * D + 7),
        (b"(l", D),
        (b"(NNl", D),
        (b"(]Nl", 2 * D),
        (b"(N\x85l", 2 * D),
        (b"(d", D),
        (b"(NNd", D),
        (b"(N]d", 2 * D),
        (b"(N\x85Nd", 2 * D),
        (b"]]a", 2 * D),
        (b"]]a]a", 2 * D),
        (b"]]]aa", 3 * D),
        (b"](]e", 2 * D),
        (b"](]]a]e", 3 * D),
        (b"]]a(]e", 2 * D),
        (b"]]]aa(]e", 3 * D),
        (b"](e", D),
        (b"}(N]u", 2 * D),
        (b"}(N\x85Nu", 2 * D),
        (b"}(u", D),
        (b"}N]s", 2 * D),
        (b"}N]]as(N]u", 3 * D),
        (b"\x8f(NN\x90", D),
        (b"\x8f(N\x85\x90", D),
        (b"(NN\x91", D + 3),
        (b"(N\x85\x91", 2 * D + 4),
        (b"N)R", D + 1),
        (b"N]R", 2 * D + 1),
        (b"N)\x81", 1),
        (b"N]\x81", 2 * D + 1),
        (b"N)}\x92", 2 * D + 1),
        (b"N))\x92", D + 1),
        (b"N)\x81}b", 2 * D + 1),
        (b"N)\x81Nb", 1),
        (b"]Nb", D + 1),
        (b"]}N]sb", 3 * D + 1),
        (b"(Nios\nx\n", D + 1),
        (b"(]ios\nx\n", 2 * D + 1),
        (b"(ios\nx\n", D + 1),
        (b"(NNo", D + 1),
        (b"(N]o", 2 * D + 1),
        (b"N2\x86", D + 3),
        (b"N2", 0),
        (b"(N(0t", D + 2),
        (b"N]0", 0),
        (b"]N(0a", D),
        (b"](NN1", D),
        (FLOAT * 3 + b"\x87", D + 4),
        (b"(" + FLOAT * 2 + b"t", D + 3),
        (b"](" + FLOAT * 3 + b"e", D),
        (b"](" + FLOAT + b"Ne", D),
        (b"N](" + FLOAT + b"e\x86", 2 * D + 3),
        (b"\x80\x04\x95" + struct.pack("<Q", 2) + b"N.", 0),
    ],
)
def test_numbers_of_what_instructions_make(data: bytes, top: int) -> None:
    whole = data if data.endswith(b".") else data + b"."
    assert pickle_check.numbers(whole, "it") == ([], top)
    assert pickle_check.length(whole + b"NN", "it") == len(whole)


@pytest.mark.parametrize(
    ("data", "memo", "shared"),
    [
        (b"]\x94", [D], []),
        (b"}\x94", [D], []),
        (b"\x8c\x01a\x94]\x94", [0, D], []),
        (b"]\x94h\x00a", [D], [0]),
        (b"]q\x00h\x00a", [D], [0]),
        (b"]r\x00\x00\x00\x00j\x00\x00\x00\x00a", [D], [0]),
        (b"]p0\ng0\na", [D], [0]),
        (b"N\x94]\x94h\x01ah\x00a", [0, D], [1]),
        (b"N\x94]\x94j\x01\x00\x00\x00aj\x00\x00\x00\x00a", [0, D], [1]),
        (b"N\x94]\x94g1\nag0\na", [0, D], [1]),
        (b"N\x94\x85\x94h\x01\x86", [0, D + 2], [1]),
        (b"Nq\x00Nq\x00\x86", [0], []),
        (b"](Nq\x00Nq\x01e", [0, 0], []),
        (b"]\x94(h\x00h\x00e", [D], [0, 0]),
        (b"]N)\x81\x940", [1], []),
        (b"]N)\x81Nb\x940", [1], []),
    ],
)
def test_what_is_in_the_memo_and_taken_out_of_it(data: bytes, memo: list[int], shared: list[int]) -> None:
    assert pickle_check.numbers(data + b".", "it")[0] == memo
    assert pickle_check.check(data + b".", "it") == shared


def test_references_to_the_outside_are_objects() -> None:
    assert pickle_check.check(b"PA\n\x94h\x00\x86.", "it", persistent=True) == [0]
    assert pickle_check.check(b"NQ\x94h\x00\x86.", "it", persistent=True) == [0]
    for data in (b"NPA\n.", b"NNQ."):
        with pytest.raises(EncaveError) as error:
            pickle_check.check(data, "it")
        at = 1 if data[1:2] == b"P" else 2
        told = f"it has a persistent reference to something outside of it (at byte {at}): not loaded"
        assert str(error.value) == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"N]2.", "it doubles an object (at byte 2), which no pickler does: not loaded"),
        (b"N\xff.", "it is not a pickle that encave reads: unknown instruction at byte 1"),
        (b"N\x82\x01.", "it is not a pickle that encave reads: unknown instruction at byte 1"),
        (b"]q\x00]q\x00.", "it puts two objects in place 0 of the memo: not loaded"),
        (b"N\x94]q\x00q\x00.", "it puts two objects in place 0 of the memo: not loaded"),
        (b"Nq\x01.", None),
        (b"Nq\x01N\x94.", "it leaves places of the memo out and has it number others: not loaded"),
        (b"N\x94Nq\x02.", "it leaves places of the memo out and has it number others: not loaded"),
        (b"Nq\x00N\x94.", None),
        (b"Nq\x04q\x03q\x02.", None),
        (b"N", "it is damaged or incomplete: its 1 bytes are no whole pickle (at byte 0)"),
        (b"]N0N\x85a0(.", "it is damaged or incomplete: its 9 bytes are no whole pickle (at byte 8)"),
        (b"N\x86.", "it is damaged or incomplete: its 3 bytes are no whole pickle (at byte 1)"),
        (b"Nt.", "it is damaged or incomplete: its 3 bytes are no whole pickle (at byte 1)"),
        (b"N\x940h\x01.", "it is damaged or incomplete: its 6 bytes are no whole pickle (at byte 2)"),
        (b"Iab\n.", "it is damaged or incomplete: its 5 bytes are no whole pickle (at byte 0)"),
        (b"N)R)R1.", "it is damaged or incomplete: its 7 bytes are no whole pickle (at byte 5)"),
    ],
)
def test_what_no_pickler_writes_is_told_with_its_place(data: bytes, told: str | None) -> None:
    if told is None:
        pickle_check.check(data, "it")
        return
    with pytest.raises(EncaveError) as error:
        pickle_check.check(data, "it")
    assert str(error.value) == told


@pytest.mark.parametrize("head", [b"\x8b%b", b"I", b"L", b"F"], ids=["bytes", "int", "long", "float"])
@pytest.mark.parametrize("size", [4096, 4097])
def test_digits_of_a_number_are_bounded(head: bytes, size: int) -> None:
    data = b"\x8b" + struct.pack("<i", size) + b"\x01" * size if b"%" in head else None
    if data is None:
        # of a line its end counts, too
        data = head + b"1" * (size - 1) + b"\n"
    if size == 4096:
        assert pickle_check.numbers(data + b".", "it") == ([], 0)
        return
    with pytest.raises(EncaveError, match=r"^it has a number of 4097 digits or bytes: not loaded$"):
        pickle_check.check(data + b".", "it")


@pytest.mark.parametrize("kind", ["long1", "long4", "int", "long"])
@pytest.mark.parametrize("step", [2**61 - 1, 2**61 + 1], ids=["one hash", "hashes of their own"])
def test_integers_with_one_hash_are_few(kind: str, step: int) -> None:
    def written(value: int) -> bytes:
        if kind in ("int", "long"):
            return b"%c%d%b\n" % (b"IL"[kind == "long"], value, b"L" * (kind == "long"))
        own = value.to_bytes(10, "little")
        return counted(b"\x8a", 1, own) if kind == "long1" else counted(b"\x8b", 4, own)

    def of(count: int) -> bytes:
        return b"(" + b"".join(written(k * step) for k in range(1, count + 1)) + b"t."

    pickle_check.check(of(1000), "it")
    pickle_check.check(b"(" + written(5 * step) * 3000 + b"t.", "it")  # one, again and again
    if step > 2**61:
        pickle_check.check(of(1500), "it")
        return
    with pytest.raises(EncaveError) as error:
        pickle_check.check(of(1001), "it")
    told = "it has more than 1000 integers with one hash: the file may be malicious and was not loaded"
    assert str(error.value) == told


def test_integers_of_eight_bytes_can_have_one_hash_and_shorter_ones_not() -> None:
    def of(values: list[int], size: int) -> bytes:
        return b"(" + b"".join(counted(b"\x8a", 1, v.to_bytes(size, "little", signed=True)) for v in values) + b"t."

    same = [k * (2**61 - 1) for k in range(-3, 4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pickle_keys, "MOST_EQUAL", 6)
        with pytest.raises(EncaveError, match="integers with one hash"):
            pickle_check.check(of(same, 8), "it")
        pickle_check.check(of([*range(200)], 7), "it")
        pickle_check.check(of(same[1:], 8), "it")


def test_floats_as_texts_are_no_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes of these two would be integers of one hash, since 256 to the 61 has that of one."""
    monkeypatch.setattr(pickle_keys, "MOST_EQUAL", 1)
    texts = [b"0" * place + b"1" + b"0" * (69 - place) for place in (3, 64)]
    assert len({int.from_bytes(text, "little") % (2**61 - 1) for text in texts}) == 1
    pickle_check.check(b"(" + b"".join(b"F%b\n" % text for text in texts) + b"t.", "it")


def key_of(members: int) -> bytes:
    """A tuple, which counts with itself as one more."""
    return b"(" + b"N" * (members - 1) + b"t"


@pytest.mark.parametrize(
    "into",
    [
        lambda key: b"}" + key + b"Ns",
        lambda key: b"}(" + key + b"Nu",
        lambda key: b"}(NN" + key + b"Nu",
        lambda key: b"(" + key + b"Nd",
        lambda key: b"\x8f(" + key + b"\x90",
        lambda key: b"\x8f(N" + key + b"\x90",
        lambda key: b"(" + key + b"\x91",
    ],
)
def test_members_of_one_key_are_bounded(into) -> None:
    pickle_check.check(into(key_of(1000)) + b".", "it")
    data = into(key_of(1001)) + b"."
    with pytest.raises(EncaveError) as error:
        pickle_check.check(data, "it")
    at = str(len(data) - 2)
    told = f"it has keys of a dictionary or set that take too long to hash (nested tuples, at byte {at}): "
    assert str(error.value) == told + "the file may be malicious and was not loaded"


def test_a_large_value_is_no_key() -> None:
    for data in (b"}N" + key_of(1001) + b"s.", b"}(N" + key_of(1001) + b"u.", b"]" + key_of(1001) + b"a."):
        pickle_check.check(data, "it")


@pytest.mark.parametrize(("pairs", "read"), [(43_690, True), (43_691, False)])
def test_131_072_members_of_all_keys_are_read(pairs: int, read: bool) -> None:
    data = b"}(" + b"NN\x86N" * pairs + b"u."  # three with itself
    if read:
        pickle_check.check(data, "it")
        return
    with pytest.raises(EncaveError, match="take too long to hash"):
        pickle_check.check(data, "it")


def test_members_of_all_keys_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_keys, "MOST_IN_KEYS", 10)
    pickle_check.check(b"}" + (key_of(5) + b"Ns") * 2 + b".", "it")
    pickle_check.check(b"}" + (b")Ns" + b"NNs") * 20 + b".", "it")  # others count nothing
    with pytest.raises(EncaveError, match="take too long to hash"):
        pickle_check.check(b"}" + key_of(5) + b"Ns" + key_of(6) + b"Ns.", "it")


@pytest.mark.parametrize(
    ("deeper", "levels"),
    [
        (lambda inner: inner + b"\x85", 200),
        (lambda inner: b"]" + inner + b"a", 200),
        (lambda inner: b"](" + inner + b"e", 200),
        (lambda inner: b"}N" + inner + b"s", 200),
        (lambda inner: b"}(N" + inner + b"u", 200),
        (lambda inner: b"(" + inner + b"l", 200),
        (lambda inner: b"(N" + inner + b"d", 200),
        (lambda inner: b"N" + inner + b"R", 200),
        (lambda inner: b"N" + inner + b"\x81", 200),
        (lambda inner: b"(" + inner + b"ios\nx\n", 200),
    ],
)
def test_levels_of_nesting_are_bounded_whatever_nests(deeper, levels: int) -> None:
    data = b"N\x85"  # one
    for _ in range(levels - 1):
        data = deeper(data)
    assert pickle_check.numbers(data + b".", "it")[1] >> 48 == levels == pickle_stack.MOST_DEPTH
    with pytest.raises(EncaveError, match=r"^it has objects nested more than 200 deep \(at byte \d+\): not loaded$"):
        pickle_check.check(deeper(data) + b".", "it")


def framed(size: int, content: bytes) -> bytes:
    return b"\x80\x04\x95" + struct.pack("<Q", size) + content


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (framed(2, b"N."), True),
        (framed(3, b"NN\x86.")[:-1] + b".", True),  # ends within the pickle, before another instruction
        (framed(4, b"K\x01K\x02\x86."), True),
        (framed(3, b"K\x01K\x02\x86."), False),  # cuts the second number
        (framed(1, b"N" + framed(2, b"N.")[2:]), True),
        (framed(2, b"N" + framed(2, b"N.")[2:]), False),  # another begins in it
    ],
)
def test_frames_end_where_instructions_do(data: bytes, whole: bool) -> None:
    if whole:
        pickle_check.check(data, "it")
        return
    with pytest.raises(EncaveError, match="it has frames that cut instructions or each other: not loaded"):
        pickle_check.check(data, "it")


def test_a_frame_is_there_as_a_whole() -> None:
    with pytest.raises(EncaveError, match="no whole pickle"):
        pickle_check.check(framed(3, b"N."), "it")


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"K\x01N", 2),
        (b"NN", 1),
        (counted(b"U", 1, b"abc") + b"N", 5),
        (counted(b"X", 4, b"abc") + b"N", 8),
        (counted(b"\x8d", 8, b"abc") + b"N", 12),
        (b"q\x01N", 2),
        (b"r\x01\x00\x00\x00N", 5),
        (b"p1\nN", 3),
        (b"I12\nN", 4),
        (b"cab\nc\nN", 6),
        (b"iab\nc\nN", 6),
    ],
)
def test_where_instructions_end(data: bytes, end: int) -> None:
    assert pickle_instructions.instruction_end(data, 0, "it") == end
    assert pickle_instructions.instruction_end(b"NN" + data, 2, "it") == end + 2


def test_a_place_of_the_memo_is_no_more_than_the_bytes() -> None:
    for data in (b"q\x03.", b"p3\n", b"r\x05\x00\x00\x00"):
        most = len(data)
        own = data.replace(b"\x03", bytes([most])).replace(b"3", b"%d" % most).replace(b"\x05", bytes([most]))
        assert pickle_instructions.instruction_end(own, 0, "it") == len(own.rstrip(b"."))
        more = own.replace(bytes([most]), bytes([most + 1])).replace(b"%d" % most, b"%d" % (most + 1))
        with pytest.raises(EncaveError) as error:
            pickle_instructions.instruction_end(more, 0, "it")
        told = f"it asks for place {most + 1} of the memo in a pickle of {most} bytes: not loaded"
        assert str(error.value) == told
    with pytest.raises(EncaveError, match=r"^it is not a pickle: unknown instruction at byte 1$"):
        pickle_instructions.instruction_end(b"N\xff", 1, "it")
