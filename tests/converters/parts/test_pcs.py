"""PCS files against ConfigSpace's own two readers and writers, and files that are none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import (
    AndConjunction,
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    InCondition,
    NotEqualsCondition,
    OrConjunction,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

from encave.converters.parts.pcs import read_pcs
from encave.converters.parts.space import read_space, space_file
from encave.errors import EncaveError

OLD = """\
# a comment
kernel {rbf,poly, linear}[rbf]   # another
C [0.001, 1000] [1.0]l
degree [1,5][3]i
trees [10, 1000] [100]il
shrink{True, False}[True]

Conditionals:
degree | kernel in {poly}
trees | kernel in {rbf, poly}
trees | shrink in {True}
Forbidden:
{kernel=poly, shrink=True}
"""

NEW = """\
kernel categorical {rbf, poly, linear} [rbf]
size ordinal {small, medium, large} [small]
C real [1e-3, 1000] [1.0] log
degree integer [1, 5] [3]
gamma real [-2.5, 2.5] [0]
trees integer [10, 1000] [100] log
only categorical {one} [one]
degree | kernel == poly
gamma | degree > 2 && kernel != linear
trees | size > small || C < 0.5
{kernel=rbf, degree=5}
{kernel=rbf, degree=4}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "space.pcs"
    path.write_text(text, encoding="utf-8")
    return path


def new_space() -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(
        [
            CategoricalHyperparameter("kernel", ["rbf", "poly", "linear"]),
            OrdinalHyperparameter("size", ["small", "medium", "large"]),
            UniformFloatHyperparameter("C", 1e-3, 1000.0, log=True, default_value=1.0),
            UniformIntegerHyperparameter("degree", 1, 5, default_value=3),
            UniformFloatHyperparameter("gamma", -2.5, 2.5, default_value=0.0),
            UniformIntegerHyperparameter("trees", 10, 1000, log=True, default_value=100),
            Constant("only", "one"),
        ]
    )
    from ConfigSpace import GreaterThanCondition, LessThanCondition

    space.add(EqualsCondition(space["degree"], space["kernel"], "poly"))
    space.add(
        AndConjunction(
            GreaterThanCondition(space["gamma"], space["degree"], 2),
            NotEqualsCondition(space["gamma"], space["kernel"], "linear"),
        )
    )
    space.add(
        OrConjunction(
            GreaterThanCondition(space["trees"], space["size"], "small"),
            LessThanCondition(space["trees"], space["C"], 0.5),
        )
    )
    return space


def test_new_form(tmp_path: Path) -> None:
    found = read_pcs(written(tmp_path, NEW))
    assert found.space == new_space()
    assert found.forbidden == 2


def test_old_form(tmp_path: Path) -> None:
    found = read_pcs(written(tmp_path, OLD))
    space = ConfigurationSpace()
    space.add(
        [
            CategoricalHyperparameter("kernel", ["rbf", "poly", "linear"]),
            UniformFloatHyperparameter("C", 0.001, 1000.0, log=True, default_value=1.0),
            UniformIntegerHyperparameter("degree", 1, 5, default_value=3),
            UniformIntegerHyperparameter("trees", 10, 1000, log=True, default_value=100),
            CategoricalHyperparameter("shrink", ["True", "False"]),
        ]
    )
    space.add(EqualsCondition(space["degree"], space["kernel"], "poly"))
    both = InCondition(space["trees"], space["kernel"], ["rbf", "poly"])
    space.add(AndConjunction(both, EqualsCondition(space["trees"], space["shrink"], "True")))
    assert found.space == space
    assert found.forbidden == 1


@pytest.mark.parametrize("form", ["pcs", "pcs_new"])
def test_what_configspace_writes(form: str, tmp_path: Path) -> None:
    """ConfigSpace's writers are deprecated; its readers refuse or change some of this, ours does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip(f"ConfigSpace.read_and_write.{form}")
        space = ConfigurationSpace()
        space.add(
            [
                CategoricalHyperparameter("model:__choice__", ["mlp", "svm", "tree-1"], default_value="svm"),
                UniformFloatHyperparameter("mlp:lr", 1e-6, 1e-1, log=True),
                UniformIntegerHyperparameter("depth", 2, 2000, log=True),
                UniformIntegerHyperparameter("shift", -3, 3),
                Constant("fixed", "4"),
            ]
        )
        space.add(EqualsCondition(space["mlp:lr"], space["model:__choice__"], "mlp"))
        space.add(InCondition(space["depth"], space["model:__choice__"], ["svm", "tree-1"]))
        text = module.write(space)
    assert read_pcs(written(tmp_path, text)).space == space
    assert read_space(written(tmp_path, text)) == space


@pytest.mark.parametrize(
    ("entries", "logged", "choices"),
    [
        ("1, 2, 16", [2, 16], (1, 2, 16)),
        ("True, False", [False], (True, False)),
        ("0.1, 0.5", [0.5], (0.1, 0.5)),
        ("1, 2", ["1"], ("1", "2")),
        ("1, x", [1], ("1", "x")),  # not every choice can be a number
        ("1, 2", [1, "2"], ("1", "2")),
        ("1, 2", [], ("1", "2")),
    ],
)
def test_choices_have_the_type_of_the_log(entries: str, logged: list[Any], choices: Any, tmp_path: Path) -> None:
    default = entries.split(",")[0]
    text = f"a categorical {{{entries}}} [{default}]\nb real [0, 1] [0.5]\nb | a == {default}\n"
    space = read_pcs(written(tmp_path, text), [{"a": value} for value in logged]).space
    assert tuple(space["a"].choices) == choices
    assert [type(value) for value in space["a"].choices] == [type(value) for value in choices]
    assert space.conditions[0].value == choices[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no hyperparameters"),
        ("# nothing\n", "has no hyperparameters"),
        ("a real [0, 1] [0.5]\nb what [0, 1] [1]\n", r"line 2: 'b what"),
        ("a real [0, 1] [7]\n", "line 1"),
        ("a real [0, 1, 2] [1]\n", "line 1"),
        ("a integer [0, 1.5] [1]\n", "line 1.*fraction"),
        ("a real [x, 1] [1]\n", "line 1"),
        ("a {1,2} [3]\n", "line 1"),
        ("a real [0, 1] [1]\na real [0, 1] [1]\n", "line 2"),
        ("a {1,2} [1]\nb | a == 1\n", "line 2"),
        ("a {1,2} [1]\nb {1,2} [1]\nb | a == 3\n", "line 3"),
        ("a {1,2} [1]\nb {1,2} [1]\nb | a ~ 1\n", "line 3"),
        ("a {1,2} [1]\nb {1,2} [1]\nb | a == 1\na | b == 1\n", "line 4"),
    ],
)
def test_what_is_no_pcs(text: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(EncaveError, match=told) as error:
        read_pcs(path)
    assert str(path) in str(error.value)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pcs").write_bytes(b"\xff\xfe\x00")
    for name in ("a.pcs", "none.pcs"):
        with pytest.raises(EncaveError, match=name):
            read_pcs(tmp_path / name)


def test_pcs_of_real_logs_are_the_json_beside_them(shared: Path) -> None:
    files = sorted((shared / "logs/real/smac").rglob("*.pcs"))
    assert len(files) == 5
    for path in files:
        assert read_pcs(path).space == read_space(path.with_suffix(".json"))


@pytest.mark.parametrize(
    ("names", "suffix", "told", "chosen"),
    [
        (["configspace.json", "configspace 2.json"], " 2", None, "configspace 2.json"),
        (["configspace.json", "configspace.pcs"], " 2", None, "configspace.json"),
        (["configspace.pcs", "other.json"], "", None, "configspace.pcs"),
        (["any.pcs", "other.json"], "", None, "other.json"),
        (["configspace.pcs", "a.json", "b.json"], "", "old/place/b.json", "b.json"),
        (["a.json", "b.json"], "", r"C:\runs\a.json", "a.json"),
        (["a.json", "b.json"], "", None, None),
        (["spear.pcs"], "", None, "spear.pcs"),
        ([], "", None, None),
    ],
)
def test_which_file_is_the_space(
    names: list[str], suffix: str, told: str | None, chosen: str | None, tmp_path: Path
) -> None:
    for name in [*names, "scenario.json"]:
        (tmp_path / name).write_text('{\n  "hyperparameters": []}' if name != "scenario.json" else '{"name": "x"}')
    found = space_file(tmp_path, [*names, "scenario.json"], suffix=suffix, told=told)
    assert (found.name if found else None) == chosen
