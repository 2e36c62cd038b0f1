"""Where each instruction of a pickle ends."""

from __future__ import annotations

import pickletools

from ..errors import EncaveError

CODES = {opcode.name: ord(opcode.code) for opcode in pickletools.opcodes}
STOP = CODES["STOP"]
_MEMO_PLACES = {CODES["BINPUT"]: 1, CODES["LONG_BINPUT"]: 4}
_MEMO_LINE = CODES["PUT"]
_COUNT_BYTES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
# Instruction → bytes of the number, little-endian, that says how many bytes follow it.
_COUNTED = {
    ord(opcode.code): _COUNT_BYTES[opcode.arg.n]
    for opcode in pickletools.opcodes
    if opcode.arg is not None and opcode.arg.n in _COUNT_BYTES
}
# Instruction → lines of text that follow it.
LINES = {
    ord(opcode.code): 2 if opcode.name in ("GLOBAL", "INST") else 1
    for opcode in pickletools.opcodes
    if opcode.arg is not None and opcode.arg.n == pickletools.UP_TO_NEWLINE
}


def _plain_sizes() -> list[int]:
    """Size of each instruction with its argument, 0 where that needs a closer look."""
    sizes = [0] * 256
    for opcode in pickletools.opcodes:
        code = ord(opcode.code)
        if code not in (STOP, *_MEMO_PLACES, *_COUNTED, *LINES):
            sizes[code] = 1 + (0 if opcode.arg is None else opcode.arg.n)
    return sizes


PLAIN_SIZES = _plain_sizes()
"""Size of each instruction with its argument, by its byte; 0 where `instruction_end` has to look."""


def instruction_end(data: bytes, position: int, name: str) -> int:
    """Position after an instruction whose size is not fixed, or which names a place in the memo."""
    code, start = data[position], position + 1
    if count := _COUNTED.get(code):
        return start + count + int.from_bytes(data[start : start + count], "little")
    if count := _MEMO_PLACES.get(code):
        _check_memo_place(int.from_bytes(data[start : start + count], "little"), data, name)
        return start + count
    if size := PLAIN_SIZES[code]:
        return position + size
    if code not in LINES:
        raise EncaveError(f"{name} is not a pickle: unknown instruction at byte {position}")
    for _ in range(LINES[code]):
        start = data.index(b"\n", start) + 1
    if code == _MEMO_LINE:
        _check_memo_place(int(data[position + 1 : min(start, position + 21)]), data, name)
    return start


def _check_memo_place(place: int, data: bytes, name: str) -> None:
    """A memo of n places takes 8n bytes, however few are used; honest pickles number them one by one."""
    if place > len(data):
        raise EncaveError(f"{name} asks for place {place} of the memo in a pickle of {len(data)} bytes: not loaded")
