"""SMAC's PCS files, the text format of configuration spaces before JSON, in the old and in the new form.

Sources: AClib's "PCS format" (http://aclib.net/cssc2014/pcs-format.pdf), SMAC 2 manual, section 5.1.3, and what
ConfigSpace 0.4 writes. ConfigSpace 1.2 still has readers for both, deprecated; each refuses the other's files, and both
make text of every choice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EncaveError
from ...run.spaces import check_conditions

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from ConfigSpace.hyperparameters import Hyperparameter

_LARGEST = 1 << 24  # bytes
_HEADING = re.compile(r"(conditionals?|conditions?|forbidden)\s*:?", re.IGNORECASE)
_DOMAIN = r"(?P<domain>\{[^{}]*\}|\[[^\[\]]*\])\s*\[(?P<default>[^\[\]]*)\]"
_NEW = re.compile(rf"(?P<name>\S+)\s+(?P<kind>categorical|ordinal|integer|real)\s*{_DOMAIN}\s*(?P<flags>log)?")
_OLD = re.compile(rf"(?P<name>[^\s{{\[|]+)\s*{_DOMAIN}\s*(?P<flags>i?\s*l?|li)")
_CLAUSE = re.compile(r"(?P<parent>[^\s=!<>]+)\s*(?P<sign>==|=|!=|<|>|\bin\b)\s*(?P<value>\{[^{}]*\}|[^{}]+)")


@dataclass(frozen=True)
class PcsSpace:
    """What a PCS file says."""

    space: ConfigurationSpace
    """The space, without forbidden clauses."""
    forbidden: int
    """Number of forbidden clauses, which are left out: they say nothing of the trials that were run."""


@dataclass(frozen=True)
class _Line:
    text: str
    where: str


class _UnreadableError(ValueError):
    """A line that is no PCS."""


def read_pcs(path: Path, logged: Iterable[Mapping[str, Any]] = ()) -> PcsSpace:
    """Read a PCS file in either form.

    Args:
        path: The file.
        logged: Configurations of the log. The format has choices as text only; they get the type that the log's values
            have, where every choice can have it.

    Raises:
        EncaveError: the file cannot be read or is no PCS; the message names the line.
    """
    from ConfigSpace import ConfigurationSpace

    values: defaultdict[str, set[Any]] = defaultdict(set)
    for configuration in logged:
        for name, value in configuration.items():
            if isinstance(value, str | int | float):
                values[name].add(value)
    hyperparameters: dict[str, Hyperparameter[Any, Any]] = {}
    choices: dict[str, dict[str, Any]] = {}
    conditions: list[_Line] = []
    forbidden = 0
    for line in _lines(path):
        if line.text.startswith("{"):
            forbidden += 1
        elif "|" in line.text.split("{")[0].split("[")[0]:
            conditions.append(line)
        else:
            with _located(line):
                hyperparameter = _hyperparameter(line.text, values, choices)
                if hyperparameter.name in hyperparameters:
                    raise _UnreadableError(f"{hyperparameter.name} already exists")
                hyperparameters[hyperparameter.name] = hyperparameter
    space = ConfigurationSpace()
    space.add(list(hyperparameters.values()))
    _add_conditions(space, conditions, choices)
    if not len(space):
        raise EncaveError(f"{path} has no hyperparameters")
    return PcsSpace(space, forbidden)


def _lines(path: Path) -> list[_Line]:
    try:
        if path.stat().st_size > _LARGEST:
            raise EncaveError(f"{path} is too large for a configuration space ({path.stat().st_size} bytes)")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EncaveError(f"cannot read {path}: {error}") from error
    stripped = ((line.partition("#")[0].strip(), number) for number, line in enumerate(text.splitlines(), start=1))
    return [_Line(line, f"{path}, line {number}") for line, number in stripped if line and not _HEADING.fullmatch(line)]


@contextmanager
def _located(line: _Line) -> Generator[None]:
    """Turn what ConfigSpace or a conversion raises into an error that names the line."""
    try:
        yield
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise EncaveError(f"{line.where}: {line.text[:100]!r} is not understood as PCS: {error}") from error


def _hyperparameter(
    text: str, logged: Mapping[str, set[Any]], choices: dict[str, dict[str, Any]]
) -> Hyperparameter[Any, Any]:
    match = _NEW.fullmatch(text) or _OLD.fullmatch(text)
    if match is None:
        raise _UnreadableError("neither a hyperparameter nor a condition nor a forbidden clause")
    name, default, flags = match["name"], match["default"].strip(), match["flags"] or ""
    entries = [entry.strip() for entry in match["domain"][1:-1].split(",")]
    kind = match.groupdict().get("kind")
    if match["domain"].startswith("{"):
        choices[name] = _typed(entries, logged.get(name, set()))
        return _choice(name, list(choices[name].values()), choices[name][default], ordered=kind == "ordinal")
    whole = kind == "integer" or (kind is None and "i" in flags)
    return _range(name, entries, default, whole=whole, log="l" in flags)


def _typed(entries: list[str], logged: set[Any]) -> dict[str, Any]:
    """Text of a choice → the choice in the type that the log's values have."""
    kinds: set[type[Any]] = {type(value) for value in logged}
    known = {str(value): value for value in logged}
    if len(kinds) != 1 or kinds == {str} or not known.keys() <= set(entries):
        return {entry: entry for entry in entries}
    convert: Callable[[str], Any] = {"True": True, "False": False}.__getitem__ if kinds == {bool} else kinds.pop()
    try:
        return {entry: known.get(entry, convert(entry)) for entry in entries}
    except (ValueError, KeyError):
        return {entry: entry for entry in entries}


def _choice(name: str, values: list[Any], default: Any, *, ordered: bool) -> Hyperparameter[Any, Any]:
    from ConfigSpace import CategoricalHyperparameter, Constant, OrdinalHyperparameter

    if len(values) == 1:
        return Constant(name, values[0])
    if ordered:
        return OrdinalHyperparameter(name, values, default_value=default)
    return CategoricalHyperparameter(name, values, default_value=default)


def _range(name: str, bounds: list[str], default: str, *, whole: bool, log: bool) -> Hyperparameter[Any, Any]:
    from ConfigSpace import UniformFloatHyperparameter, UniformIntegerHyperparameter

    lower, upper, chosen = (float(value) for value in (*bounds, default))
    if not whole:
        return UniformFloatHyperparameter(name, lower, upper, default_value=chosen, log=log)
    if not all(value.is_integer() for value in (lower, upper, chosen)):
        raise _UnreadableError("an integer has a fraction")
    return UniformIntegerHyperparameter(name, int(lower), int(upper), default_value=int(chosen), log=log)


def _add_conditions(space: ConfigurationSpace, lines: list[_Line], choices: Mapping[str, Mapping[str, Any]]) -> None:
    """Add the conditions; several on one hyperparameter must hold together."""
    from ConfigSpace import AndConjunction

    conditions: defaultdict[str, list[Any]] = defaultdict(list)
    last: dict[str, _Line] = {}
    for line in lines[-1:]:
        with _located(line):
            check_conditions([_edges(one) for one in lines])
    for line in lines:
        child, _, rule = line.text.partition("|")
        last[child.strip()] = line
        with _located(line):
            conditions[child.strip()].append(_rule(space, child.strip(), rule, choices))
    for child, parts in conditions.items():
        with _located(last[child]):
            space.add(parts[0] if len(parts) == 1 else AndConjunction(*parts))


def _edges(line: _Line) -> list[tuple[str, str]]:
    """Parent and child of each part of a condition."""
    child, _, rule = line.text.partition("|")
    found = (_CLAUSE.fullmatch(part.strip()) for part in re.split(r"&&|\|\|", rule))
    return [(match["parent"], child.strip()) for match in found if match is not None]


def _rule(space: ConfigurationSpace, child: str, rule: str, choices: Mapping[str, Mapping[str, Any]]) -> Any:
    """`a in {1, 2} && b == 3 || c > 4`, where && binds more closely."""
    from ConfigSpace import AndConjunction, OrConjunction

    alternatives: list[Any] = []
    for alternative in rule.split("||"):
        parts = [_clause(space, child, part.strip(), choices) for part in alternative.split("&&")]
        alternatives.append(parts[0] if len(parts) == 1 else AndConjunction(*parts))
    return alternatives[0] if len(alternatives) == 1 else OrConjunction(*alternatives)


def _clause(space: ConfigurationSpace, child: str, text: str, choices: Mapping[str, Mapping[str, Any]]) -> Any:
    from ConfigSpace import EqualsCondition, GreaterThanCondition, InCondition, LessThanCondition, NotEqualsCondition

    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise _UnreadableError(f"no condition: {text!r}")
    parent = space[match["parent"]]
    known = choices.get(match["parent"])
    told = [entry.strip() for entry in match["value"].strip("{}").split(",")]
    values = [known[entry] for entry in told] if known is not None else [_number(parent, entry) for entry in told]
    if match["sign"] == "in" and len(values) > 1:
        return InCondition(space[child], parent, values)
    signs = {"!=": NotEqualsCondition, "<": LessThanCondition, ">": GreaterThanCondition}
    return signs.get(match["sign"], EqualsCondition)(space[child], parent, values[0])


def _number(hyperparameter: Hyperparameter[Any, Any], text: str) -> float | int:
    return int(float(text)) if "Integer" in type(hyperparameter).__name__ else float(text)
