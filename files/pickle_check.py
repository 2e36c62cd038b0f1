"""One pass over a pickle's instructions, before any is executed: what it would make is bounded by the bytes it has.

The pass runs the stack machine on numbers in place of objects, see `pickle_keys`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from ..errors import EncaveError
from .pickle_instructions import CODES, PLAIN_SIZES, STOP, instruction_end
from .pickle_keys import DEPTH
from .pickle_stack import PickleStack

MOST_DIGITS = 4096
"""Digits or bytes of one number."""
_LONG = 8  # bytes from which on different integers can have one hash
_PLACE = struct.Struct("<I").unpack_from
_EMPTY = bytes(CODES[name] for name in ("EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET"))
_FLOATS = re.compile(rb"(?:G[\s\S]{8})+")
_VECTOR = re.compile(rb"\((?:G[\s\S]{8})+e")  # into a list


def check(data: bytes, name: str, *, persistent: bool = False) -> list[int]:
    """Refuse a pickle whose lengths, places, nesting or keys are more than honest data of this size has.

    Args:
        data: the pickle; what follows its end is not looked at.
        name: of the file, for messages.
        persistent: whether it may refer to objects outside of it.

    Returns:
        Places of the memo from which something else than plain objects is taken, each as often as it is.

    Raises:
        EncaveError: it does, or it is damaged.
    """
    return _machine(data, name, persistent=persistent).shared


def _machine(data: bytes, name: str, *, persistent: bool) -> _Machine:
    """The machine, at the end of the pickle."""
    machine = _Machine(data, name, persistent)
    try:
        machine.run()
        return machine
    except (IndexError, ValueError, struct.error):
        told = f"its {len(data)} bytes are no whole pickle (at byte {machine.position})"
        raise EncaveError(f"{name} is damaged or incomplete: {told}") from None


def length(data: bytes, name: str) -> int:
    """Bytes of the pickle that is at the beginning.

    Raises:
        EncaveError: as `check`.
    """
    return _machine(data, name, persistent=False).position + 1


def numbers(data: bytes, name: str) -> tuple[list[int], int]:
    """The numbers of what is in the memo at the end, by place, and of the object; for tests of the check.

    Raises:
        EncaveError: as `check`.
    """
    machine = _machine(data, name, persistent=False)
    return machine.memo, machine.top


class _Machine(PickleStack):
    """The instructions."""

    def run(self) -> None:
        """Up to the end of the pickle; what is frequent comes first, and is not handed to a method."""
        data, stack, marks, memo, rare = self._data, self._stack, self._marks, self.memo, _RARE
        unknown, share = _Machine.on_unknown, self.shared.append
        push, pop_mark, remember, floats, vector = stack.append, marks.pop, memo.append, _FLOATS.match, _VECTOR.match
        position = 0
        while True:
            code = data[position]
            if code == 0x94:  # MEMOIZE
                remember(stack[-1])
                position += 1
            elif code == 0x6A:  # LONG_BINGET
                (place,) = _PLACE(data, position + 1)
                push(memo[place])
                if memo[place]:
                    share(place)
                position += 5
            elif code == 0x47:  # BINFLOAT
                end = position + 9
                if data[end] == code:
                    end = floats(data, position).end()  # pyright: ignore[reportOptionalMemberAccess]
                    stack += [0] * ((end - position) // 9)
                else:
                    push(0)
                position = end
            elif code == 0x68:  # BINGET
                place = data[position + 1]
                push(memo[place])
                if memo[place]:
                    share(place)
                position += 2
            elif size := _PUSHED[code]:
                push(0)
                position += size
            elif code == 0x28:  # MARK
                if data[position + 1] == 0x47 and (flat := vector(data, position)) and stack:
                    position = flat.end()
                else:
                    marks.append(len(stack))
                    position += 1
            elif code in _EMPTY:
                push(DEPTH)
                if data[position + 1] == 0x94:
                    remember(DEPTH)
                    position += 1
                position += 1
            elif code == 0x75:  # SETITEMS
                mark = pop_mark()
                if any(stack[mark:]):
                    self.position = position
                    self._setitems(stack[mark:], mark - 1)
                del stack[mark:]
                position += 1
            elif code == 0x65:  # APPENDS
                mark = pop_mark()
                if any(stack[mark:]):
                    self.position = position
                    stack[mark - 1] = max(stack[mark - 1], self._around(max(stack[mark:])))
                del stack[mark:]
                position += 1
            elif code == 0x8C:  # SHORT_BINUNICODE
                push(0)
                position += 2 + data[position + 1]
                if data[position] == 0x94:
                    remember(0)
                    position += 1
            elif code == 0x81 or code == 0x62:  # NEWOBJ, BUILD
                inner = stack.pop()
                if inner > stack[-1]:
                    self.position = position
                    stack[-1] = self._around(inner)
                stack[-1] |= 1
                position += 1
            elif code == STOP:
                self.position = position
                self._leave_frame(position + 1)
                self._check_end()
                return
            else:
                self.position = position
                position = rare.get(code, unknown)(self, position)

    def on_tuple(self, position: int) -> int:
        code = self._data[position]
        self._make_tuple(self._to_mark() if code == 0x74 else self._last(code - 0x84))
        return position + 1

    def on_list(self, position: int) -> int:
        self._stack.append(self._around(max(self._to_mark(), default=0)))
        return position + 1

    def on_dict(self, position: int) -> int:
        members = self._to_mark()
        self._stack.append(DEPTH)
        self._setitems(members or [0], -1)
        return position + 1

    def on_append(self, position: int) -> int:
        (inner,) = self._last(1)
        if inner:
            self._stack[-1] = max(self._stack[-1], self._around(inner))
        return position + 1

    def on_setitem(self, position: int) -> int:
        self._setitems(self._last(2), -1)
        return position + 1

    def on_set(self, position: int) -> int:
        """Into a set, or a frozen set of it."""
        members = self._to_mark()
        for key in members:
            if key:
                self._key(key)
        if self._data[position] == 0x91:
            self._make_tuple(members)
        return position + 1

    def on_call(self, position: int) -> int:
        """An object of what was called, with its arguments."""
        members = self._last(_CALLS[self._data[position]])
        self._stack.append(self._around(max(members)) + 1)
        return position + 1

    def on_old_object(self, position: int) -> int:
        self._stack.append(self._around(max(self._to_mark(), default=0)) + 1)
        return instruction_end(self._data, position, self._name)

    def on_found(self, position: int) -> int:
        """A class or function by two texts on the stack."""
        self._last(2)
        self._stack.append(0)
        return position + 1

    def on_pushed(self, position: int) -> int:
        """A text, or a class or function by its name."""
        self._stack.append(0)
        return instruction_end(self._data, position, self._name)

    def on_number(self, position: int) -> int:
        """An integer of any size, or a number as text."""
        code = self._data[position]
        end = self.on_pushed(position)
        head = 1 if code in _NUMBER_LINES else 2 if code == 0x8A else 5
        digits = self._data[position + head : end]
        if len(digits) > MOST_DIGITS:
            raise EncaveError(f"{self._name} has a number of {len(digits)} digits or bytes: not loaded")
        if code in _INTEGER_LINES:
            self._keys.integer(int(digits.strip().rstrip(b"L") or b"0"))
        elif code not in _NUMBER_LINES and len(digits) >= _LONG:
            self._keys.integer(int.from_bytes(digits, "little", signed=True))
        return end

    def on_put(self, position: int) -> int:
        end = instruction_end(self._data, position, self._name)
        place = self._place(position, end)
        if (more := place + 1 - len(self.memo)) > 0:
            self._put_places += more
            self._gaps = self._gaps or more > 1
            self.memo += [0] * more
        elif self.memo[place]:
            raise EncaveError(f"{self._name} puts two objects in place {place} of the memo: not loaded")
        self.memo[place] = self._stack[-1]
        return end

    def on_get(self, position: int) -> int:
        end = instruction_end(self._data, position, self._name)
        place = self._place(position, end)
        self._stack.append(self.memo[place])
        if self.memo[place]:
            self.shared.append(place)
        return end

    def on_dup(self, position: int) -> int:
        if self._stack[-1]:
            raise EncaveError(f"{self._name} doubles an object (at byte {position}), which no pickler does: not loaded")
        self._stack.append(0)
        return position + 1

    def on_pop(self, position: int) -> int:
        if self._marks and self._marks[-1] == len(self._stack):
            self._marks.pop()
        else:
            self._stack.pop()
        return position + 1

    def on_pop_mark(self, position: int) -> int:
        self._to_mark()
        return position + 1

    def on_nothing(self, position: int) -> int:
        """The protocol's number, or a frame, which must be there."""
        end = position + PLAIN_SIZES[self._data[position]]
        if self._data[position] == 0x95:
            self._leave_frame(position)
            self._frame = end, end + int.from_bytes(self._data[position + 1 : end], "little")
            self._data[self._frame[1] - 1]
        return end

    def on_outside(self, position: int) -> int:
        if not self._persistent:
            raise EncaveError(
                f"{self._name} has a persistent reference to something outside of it (at byte {position}): not loaded"
            )
        if self._data[position] == 0x51:
            self._last(1)
        self._stack.append(1)
        return instruction_end(self._data, position, self._name)

    def on_unknown(self, position: int) -> int:
        """Also what calls by a number, or takes memory from elsewhere."""
        raise EncaveError(f"{self._name} is not a pickle that encave reads: unknown instruction at byte {position}")


_PUSHED = bytes(
    PLAIN_SIZES[code]
    if code in {CODES[name] for name in ("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "EMPTY_TUPLE")}
    else 0
    for code in range(256)
)
# Instruction → objects that it takes to make one.
_CALLS = {CODES[name]: count for name, count in {"REDUCE": 2, "NEWOBJ_EX": 3}.items()}
_INTEGER_LINES = {CODES["INT"], CODES["LONG"]}
_NUMBER_LINES = {*_INTEGER_LINES, CODES["FLOAT"]}
_HANDLED: dict[str, Callable[[_Machine, int], int]] = {
    **dict.fromkeys(("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"), _Machine.on_tuple),
    **dict.fromkeys(("REDUCE", "NEWOBJ_EX"), _Machine.on_call),
    **dict.fromkeys(("INST", "OBJ"), _Machine.on_old_object),
    **dict.fromkeys(("ADDITEMS", "FROZENSET"), _Machine.on_set),
    **dict.fromkeys(("LONG1", "LONG4", "INT", "LONG", "FLOAT"), _Machine.on_number),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.on_put),
    **dict.fromkeys(("PROTO", "FRAME"), _Machine.on_nothing),
    **dict.fromkeys(("PERSID", "BINPERSID"), _Machine.on_outside),
    **dict.fromkeys(
        (
            *("GLOBAL", "STRING", "UNICODE", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES"),
            *("BINUNICODE", "BINUNICODE8", "BINBYTES8", "BYTEARRAY8"),
        ),
        _Machine.on_pushed,
    ),
    "LIST": _Machine.on_list,
    "DICT": _Machine.on_dict,
    "APPEND": _Machine.on_append,
    "SETITEM": _Machine.on_setitem,
    "STACK_GLOBAL": _Machine.on_found,
    "GET": _Machine.on_get,
    "DUP": _Machine.on_dup,
    "POP": _Machine.on_pop,
    "POP_MARK": _Machine.on_pop_mark,
}
_RARE = {CODES[name]: handler for name, handler in _HANDLED.items()}
