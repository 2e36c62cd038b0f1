"""What a person gets wrong in a call is refused where it is given, with the words that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import encave
from encave.errors import EncaveError, check_choice, check_count, check_number, in_words

from .example_runs import example_run

Call = Callable[[list[encave.Run], Path], object]


@pytest.fixture(scope="module")
def few() -> list[encave.Run]:
    return [example_run(label, "mlp", seed) for label in ("DEHB", "SMAC", "Random") for seed in range(2)]


WRONG: list[tuple[Call, str]] = [
    (lambda runs, _: encave.compare(runs, axis="wallclock"), "no axis 'wallclock'; there are evaluations, time, "),
    (lambda runs, _: encave.compare(runs, axis="evaluation"), "; do you mean 'evaluations'?"),
    (lambda runs, _: encave.compare(runs, interval="std"), "no interval 'std'; there are t, bootstrap"),
    (lambda runs, _: encave.compare(runs, interval=None), "no interval None; there are t, bootstrap"),
    (lambda runs, _: encave.compare(runs, rule="best"), "no rule 'best'; there are as-logged, highest-so-far, "),
    (lambda runs, _: encave.compare(runs, reference="0"), "a reference is a finite number, not '0'"),
    (lambda runs, _: encave.compare(runs, reference=float("nan")), "a reference is a finite number, not nan"),
    (lambda runs, _: encave.compare(runs, rope="x"), "a rope is a finite number, not 'x'"),
    (lambda runs, _: encave.compare(runs).runtimes([1.0], hits="last"), "no kind of hit 'last'; there are held, first"),
    (lambda runs, _: encave.compare(runs).runtimes(["a"]), "a target is a finite number, not 'a'"),
    (lambda runs, _: encave.compare(runs).final("mlpp"), "no task 'mlpp'; there are mlp; do you mean 'mlp'?"),
    (lambda runs, _: encave.importance(runs, method="shap"), "no method 'shap'; there are fanova, lpi, ablation, "),
    (lambda runs, _: encave.importance(runs, method="shapley", game="x"), "no game 'x'; there are ablation, "),
    (lambda runs, _: encave.importance(runs, budget="high"), "no budget 'high'; there are all"),
    (lambda runs, _: encave.importance(runs, first=5), "what is given as first is like (16, 32, 64), not 5"),
    (lambda runs, _: encave.Runs(runs).led_by("speed"), "no objective 'speed'"),
    (lambda runs, _: encave.importance(runs, order=0), "a whole number of 1 or more, not 0"),
    (lambda runs, _: encave.importance(runs, order="all"), "1 or more, not 'all'"),
    (lambda *_: encave.Objective("accuracy", "max"), "no direction 'max'; there are minimize, maximize"),
    (lambda _, folder: encave.read(folder, steps="all"), "no kind of steps 'all'; there are last, budget"),
    (lambda _, folder: encave.read(folder, map="objective=loss"), ", not 'objective=loss'"),
    (lambda _, folder: encave.read(folder, jobs=0), "1 or more, not 0"),
    (lambda _, folder: encave.read(folder, memory=-1), "memory is more than nothing, not -1"),
    (lambda _, folder: encave.read(folder, timeout="long"), "a timeout is a finite number, not 'long'"),
    (lambda _, folder: encave.convert(folder, folder / "out", jobs=-1), "1 or more, not -1"),
    (lambda _, folder: encave.convert([], folder / "out"), "no source was given"),
    (lambda *_: encave.read([]), "no source was given"),
    (lambda *_: encave.read(3), "a source is the path of a file or folder, not 3"),
    (lambda *_: encave.read(None), "a source is the path of a file or folder, not None"),
    (lambda *_: encave.read(["logs", b"logs"]), "a source is the path of a file or folder, not b'logs'"),
    (lambda *_: encave.landscape(order=0), "1 or more, not 0"),
]


@pytest.mark.parametrize(("call", "told"), WRONG)
def test_a_word_or_number_that_there_is_not_is_refused(
    call: Call, told: str, few: list[encave.Run], tmp_path: Path
) -> None:
    few[0].save(tmp_path / "run")
    with pytest.raises(EncaveError, match=re.escape(told)):
        call(few, tmp_path)


def test_words_and_numbers_that_there_are() -> None:
    check_choice("axis", "time", ("time", "epochs"))
    for number in (0, 1.5, -3):
        check_number("a target", number)
    with pytest.raises(EncaveError, match=r"no axis 'x'; there are none$"):
        check_choice("axis", "x", ())
    check_count("jobs", np.int64(2))
    with pytest.raises(EncaveError, match=r"^jobs: a whole number of 1 or more, not 2.5$"):
        check_count("jobs", 2.5)
    for other in (float("inf"), None, "1", [1.0, 2.0]):
        with pytest.raises(EncaveError, match="is a finite number"):
            check_number("a target", other)


def raised(by: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as told:
        by()
    return told.value


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (lambda: {}["cost"], "'cost' is missing"),
        (lambda: {}[0], "0 is missing"),
        (lambda: [1].__getitem__(1), "a list is too short"),
        (lambda: vars(1)["items"], "a value is of another type"),
        (lambda: float([]), "a value is of another type"),
        (lambda: float(10**400), "a number is too large"),
        (lambda: json.loads('{"a": 1,\n "b"}'), "it is no JSON at line 2, column 5"),
        (lambda: Fraction(1, 0), "Fraction(1, 0)"),
    ],
)
def test_foreign_content_is_told_of_in_words_that_are_not_pythons(by: Callable[[], object], words: str) -> None:
    assert in_words(raised(by)) == words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError(), "a key is missing"),
        (KeyError("there is no such thing"), "there is no such thing"),
        (ValueError("first\nsecond"), "first"),
        (ValueError(), "it is damaged"),
        (RecursionError("maximum recursion depth exceeded"), "it is nested too deeply"),
    ],
)
def test_errors_of_libraries_in_one_line(error: Exception, words: str) -> None:
    assert in_words(error) == words
