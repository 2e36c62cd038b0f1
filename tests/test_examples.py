"""Every public name has an example that runs: those of `encave.__all__`, and the methods of what they return."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import encave
from encave import analysis
from encave.analysis.charts.papers import Paper
from encave.analysis.report import Report
from encave.converters import Conversion
from encave.workflows.conversions import Conversions

from .example_runs import example_runs

NAMES: dict[str, Any] = {
    **{name: getattr(encave, name) for name in encave.__all__},
    **{name: getattr(analysis, name) for name in analysis.__all__},
    **{kind.__name__: kind for kind in (Conversion, Conversions, Paper, Report)},  # what verbs return beside results
}


def function_of(member: object) -> Any:
    """What carries the docstring of a method or property of ours; None for a field."""
    if isinstance(member, classmethod | staticmethod):
        return member.__func__
    if isinstance(member, property):
        return member.fget
    found = getattr(member, "func", member)  # of a cached property
    return found if inspect.isfunction(found) else None


def documented() -> Iterator[tuple[str, Any, type | None]]:
    """Every public name, and the public methods of every class, each once: name, what has the docstring, class."""
    seen: set[int] = set()
    for name, thing in sorted(NAMES.items()):
        members = {name: (thing, None)}
        if inspect.isclass(thing):
            for own in filter(lambda one: not one.startswith("_"), dir(thing)):
                found = function_of(inspect.getattr_static(thing, own))
                if found is not None and (found.__module__ or "").startswith("encave"):
                    members[f"{name}.{own}"] = (found, thing)
        for full, (one, kind) in members.items():
            if id(one) not in seen:
                seen.add(id(one))
                yield full, one, kind


def has_example(thing: object) -> bool:
    return ">>>" in (getattr(thing, "__doc__", None) or "")


def overrides(full: str, one: object, kind: type | None) -> bool:
    """Whether a method is another form of one with an example, in a class that has an example."""
    if kind is None or not has_example(kind):
        return False
    above = [vars(base).get(full.rpartition(".")[2]) for base in kind.__mro__[1:]]
    return any(has_example(function_of(base)) for base in above if base is not None and function_of(base) is not one)


def test_every_public_name_has_an_example() -> None:
    without = [full for full, one, kind in documented() if not has_example(one) and not overrides(full, one, kind)]
    assert not without, f"no example: {', '.join(without)}"


OF_ANY_TYPE = {
    "Provenance.json": "an object of JSON", "Run.header": "an object of JSON", "Run.from_joined": "an object of JSON",
    "Run": "its space is an object of JSON",
    "Conversion": "its incumbent is an object of JSON", "Conversion.to_json": "an object of JSON",
    "Run.column": "its name says of what type the values are", "Run.configuration": "the space says so",
}  # fmt: skip
"""Public names in whose signature `Any` stands, and why."""


def annotations_of(one: Any) -> Iterator[object]:
    """Types in a signature; of a class those of its fields, of what it inherits of ours, and of how it is made."""
    for own in (
        [kind for kind in one.__mro__ if kind.__module__.startswith("encave")] if inspect.isclass(one) else [one]
    ):
        yield from getattr(own, "__annotations__", {}).values()
        yield from getattr(vars(own).get("__init__"), "__annotations__", {}).values() if inspect.isclass(own) else ()


def test_no_public_signature_leaves_a_type_open() -> None:
    found = {
        full for full, one, _ in documented() if any(re.search(r"\bAny\b", str(kind)) for kind in annotations_of(one))
    }
    assert found == set(OF_ANY_TYPE)


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What examples may use: `runs`, `c` for their comparison, and below `folder`."""
    runs = example_runs()
    return {"encave": encave, "runs": runs, "c": encave.compare(runs)}


EXAMPLES = [(full, one) for full, one, _ in documented() if has_example(one)]


@pytest.mark.parametrize("one", [one for _, one in EXAMPLES], ids=[full for full, _ in EXAMPLES])
def test_the_example_runs(one: Any, names: dict[str, Any], tmp_path: Path) -> None:
    given = {**names, "folder": tmp_path}
    test = doctest.DocTestParser().get_doctest(one.__doc__, given, one.__qualname__, one.__module__, 0)
    told: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    assert result.attempted and not result.failed, "".join(told)


def test_an_example_that_is_wrong_is_found() -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None).failed
