"""Home-made tables."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, UniformFloatHyperparameter

from encave import read
from encave.analysis.grouping.sections import view_runs
from encave.converters.formats.table.reader import READER, TableReader
from encave.converters.formats.table.source import column_names, read_table
from encave.converters.reader import Options, ReadResult
from encave.converters.survey import find
from encave.errors import EncaveError
from encave.run import Run

ROWS: list[dict[str, Any]] = [
    {
        "who": "a",
        "lr": 0.1,
        "act": "relu",
        "epoch": 3,
        "loss": 0.5,
        "acc": 0.8,
        "took": 1.5,
        "state": "DONE",
        "x": "hï",
    },
    {
        "who": "a",
        "lr": 0.2,
        "act": "tanh",
        "epoch": 9,
        "loss": 0.4,
        "acc": 0.9,
        "took": 2.5,
        "state": "DONE",
        "x": None,
    },
    {
        "who": "b",
        "lr": 0.1,
        "act": "relu",
        "epoch": 9,
        "loss": None,
        "acc": None,
        "took": 0.5,
        "state": "NAN",
        "x": "a,b",
    },
    {"who": "b", "lr": 0.3, "act": "relu", "epoch": 9, "loss": 0.1, "acc": 0.7, "took": 0.5, "state": "DONE", "x": "c"},
]
MAPPING = {
    "objective": {"loss": "minimize", "acc": "maximize"},
    "hyperparameters": ["lr", "act"],
    "budget": "epoch",
    "duration": "took",
    "status": "state",
    "statuses": {"NAN": "crashed"},
    "optimizer": "Mine",
    "task": "cifar10",
}


def write_log(folder: Path, suffix: str = ".csv", rows: list[dict[str, Any]] = ROWS, **mapping: Any) -> Path:
    path = folder / f"log{suffix}"
    if suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif suffix == ".parquet":
        pd.DataFrame(rows).to_parquet(path)
    elif suffix == ".json":
        path.write_text(json.dumps(rows, indent=2))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = {key: value for key, value in {**MAPPING, **mapping}.items() if value is not None}
    (folder / "log.map.json").write_text(json.dumps(told))
    return path


def read_all(path: Path, options: Options | None = None, reader: TableReader = READER) -> list[ReadResult]:
    return [found.reader.read(found.found, options or Options()) for found in find(path, [reader])]


def test_a_table_without_hyperparameters_is_said_to_have_none(tmp_path: Path) -> None:
    """Curves that somebody published: results and times, and no configurations."""
    rows = "step,loss,seconds,id\n1,0.5,10,c\n2,0.5,20,c\n3,0.25,30,d\n"
    (tmp_path / "curve.csv").write_text(rows)
    mapping = {"objective": "loss", "evaluation": "step", "end": "seconds", "hyperparameters": "none", "ignore": "id"}
    (tmp_path / "curve.map.json").write_text(json.dumps(mapping))
    [result] = read_all(tmp_path)
    run = result.run
    assert run.cost().tolist() == [0.5, 0.5, 0.25]
    assert run.column("config_id").tolist() == [0, 1, 2]  # equal results are not one configuration
    assert (len(run.space), run.inferred_space) == (0, True)
    assert "the table has no hyperparameters" in " ".join(note.text for note in run.notes)
    run.save(tmp_path / "run")
    assert Run.load(tmp_path / "run").same_trials(run)
    (tmp_path / "curve.map.json").write_text(json.dumps({**mapping, "ignore": [], "config_id": "id"}))
    [result] = read_all(tmp_path)
    assert result.run.column("config_id").tolist() == [0, 0, 1]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl", ".json"])
def test_every_form_gives_the_same_run(tmp_path: Path, suffix: str) -> None:
    [result] = read_all(write_log(tmp_path, suffix))
    run = result.run
    assert (result.read, len(run), run.optimizer.name, run.provenance.task) == (4, 4, "Mine", "cifar10")
    assert [(o.name, o.direction) for o in run.objectives] == [("loss", "minimize"), ("acc", "maximize")]
    assert run.status_counts() == {"success": 3, "crashed": 1}
    assert run.trials["cost:acc"].to_pylist() == [0.8, 0.9, None, 0.7]
    assert run.budgets == (3.0, 9.0)
    assert run.column("start").tolist() == [0.0, 1.5, 4.0, 4.5]
    assert run.column("end").tolist() == [1.5, 4.0, 4.5, 5.0]
    assert run.trials["config_id"].to_pylist() == [0, 1, 0, 2]
    assert run.trials["extra:x"].to_pylist() == ["hï", None, "a,b", "c"]
    assert run.configuration(1) == {"act": "tanh", "lr": 0.2}
    assert run.inferred_space
    assert {note.kind for note in run.notes} == {"assumed", "derived"}


def test_several_runs_in_one_file_share_space_and_numbers(tmp_path: Path) -> None:
    first, second = read_all(write_log(tmp_path, run="who"))
    assert [len(result.run) for result in (first, second)] == [2, 2]
    assert first.run.name.endswith("-a") and second.run.name.endswith("-b")
    assert first.run.space == second.run.space
    assert second.run.trials["config_id"].to_pylist() == [0, 2]


def test_names_of_runs_in_one_file_tell_search_and_seed(tmp_path: Path) -> None:
    rows = [{"run": name, "x": k, "loss": k} for name in ("adult_tpe_seed3", "adult_random_seed4") for k in (1, 2)]
    path = tmp_path / "all.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    runs = read(path, map={"objective": "loss", "hyperparameters": "x", "run": "run"})
    assert [(run.label, run.seed) for run in runs] == [("Random Search", 4), ("TPE", 3)]
    assert runs[1].provenance.seed_from == "run's name 'adult_tpe_seed3'"
    assert runs[1].provenance.label_where == "run's name"
    (section,) = view_runs(runs).sections
    assert len(section.groups) == 2


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    path = write_log(tmp_path)
    told = {"objective": "acc:max", "status": "state", "statuses": "NAN:timeout"}
    [result] = read_all(path, Options(mapping=told))
    assert [(o.name, o.direction) for o in result.run.objectives] == [("acc", "maximize")]
    assert result.run.status_counts() == {"success": 3, "timeout": 1}


def test_any_table_is_a_log_where_the_command_line_says_so(tmp_path: Path) -> None:
    path = write_log(tmp_path)
    (tmp_path / "log.map.json").unlink()
    assert find(tmp_path, [READER]) == []
    told = {"objective": "loss", "hyperparameters": "lr,act", "run": "who"}
    results = read_all(path, Options(mapping=told), TableReader(told))
    assert [len(result.run) for result in results] == [2, 2]
    assert results[1].run.status_counts() == {"success": 1, "crashed": 1}


def test_runs_are_never_mixed(tmp_path: Path) -> None:
    [found] = find(write_log(tmp_path), [READER])
    with pytest.raises(EncaveError, match=r"several runs; put the mapping into log\.map\.json"):
        READER.read(found.found, Options(mapping={"run": "who"}))


def test_csv_files_of_more_than_256_mib_are_refused(tmp_path: Path) -> None:
    path = write_log(tmp_path, ".csv")
    os.truncate(path, (1 << 28) + 1)
    with pytest.raises(EncaveError, match=r"log\.csv has 268435457 bytes; a CSV file may have 268435456\."):
        read_all(path)


def test_a_table_of_names_only_has_no_row(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match=r"log\.csv has no row$"):
        a_table(tmp_path, "lr,loss\n")


def test_own_names_need_no_mapping(tmp_path: Path) -> None:
    rows = [
        {"config_id": 5 + i, "config:lr": i / 10, "cost:err": 1.0 - i, "budget": 3.0, "seed": 7, "extra:q": i}
        for i in range(3)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "own.csv", index=False)
    [result] = read_all(tmp_path)
    run = result.run
    assert run.trials["config_id"].to_pylist() == [5, 6, 7]
    assert run.trials["seed"].to_pylist() == [7, 7, 7]
    assert run.trials["extra:q"].to_pylist() == [0, 1, 2]
    assert (run.objectives[0].name, run.provenance.seed) == ("err", 7)
    assert run.configuration(6) == {"lr": 0.1}


def test_patterns_and_nested_objects(tmp_path: Path) -> None:
    rows = [{"config": {"lr": 0.1, "net": {"depth": d}}, "m": {"loss": 1.0 / d}} for d in (1, 2)]
    told = {"objective": "m.loss", "hyperparameters": "config.*"}
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"config": {"lr"')
    (tmp_path / "encave.map.json").write_text(json.dumps(told))
    [result] = read_all(path)
    assert result.run.configuration(1) == {"lr": 0.1, "net.depth": 2}
    assert (result.read, result.dropped) == (3, 1)


@pytest.mark.parametrize(
    "columns, starts, ends",
    [
        ({"start": [5.0, 7.0], "end": [6.0, 9.0]}, [5.0, 7.0], [6.0, 9.0]),
        ({"start": [5.0, 7.0], "duration": [1.0, 2.0]}, [5.0, 7.0], [6.0, 9.0]),
        ({"end": [6.0, 9.0], "duration": [1.0, 2.0]}, [5.0, 7.0], [6.0, 9.0]),
        ({"end": [6.0, 9.0]}, [None, None], [6.0, 9.0]),
        ({"start": [1.7e9, 1.7e9 + 2], "end": [1.7e9 + 1, 1.7e9 + 4]}, [0.0, 2.0], [1.0, 4.0]),
        (
            {
                "start": ["2024-05-01 10:00:00", "2024-05-01T10:00:02"],
                "end": ["2024-05-01 10:00:01", "2024-05-01 10:00:04.5"],
            },
            [0.0, 2.0],
            [1.0, 4.5],
        ),
    ],
)
def test_times(tmp_path: Path, columns: dict[str, Any], starts: list[Any], ends: list[Any]) -> None:
    rows = [{"lr": 0.1, "loss": 1.0, **{name: values[i] for name, values in columns.items()}} for i in (0, 1)]
    told = {"objective": "loss", "hyperparameters": "lr", **{name: name for name in columns}}
    (tmp_path / "log.map.json").write_text(json.dumps(told))
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
    [result] = read_all(tmp_path)
    assert result.run.trials["start"].to_pylist() == starts
    assert [end and round(end, 9) for end in result.run.trials["end"].to_pylist()] == ends


def test_a_given_space_types_the_choices(tmp_path: Path) -> None:
    space = ConfigurationSpace()
    space.add(CategoricalHyperparameter("act", ["relu", "tanh"]), UniformFloatHyperparameter("lr", 0, 1))
    [result] = read_all(write_log(tmp_path), Options(space=space))
    assert not result.run.inferred_space
    rows = [{"width": text, "loss": 0.5} for text in ("08", "16")]
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "log.map.json").write_text(json.dumps({"objective": "loss", "hyperparameters": "width"}))
    space = ConfigurationSpace({"width": ["08", "16"]})
    [result] = read_all(tmp_path, Options(space=space))
    assert [result.run.configuration(i)["width"] for i in (0, 1)] == ["08", "16"]


@pytest.mark.parametrize(
    "mapping, reason",
    [
        ({"objectve": "loss"}, r"unknown keys objectve; there are objective, .*; do you mean 'objective'\?"),
        ({"objective": None}, "names no objective"),
        ({"hyperparameters": None}, r"names no hyperparameters \(hyperparameters=none if it has none\)"),
        ({"hyperparameters": ["lr", "width"]}, "no column 'width'"),
        ({"budget": "epochs"}, "budget is to be the column 'epochs'"),
        ({"statuses": {}}, "unknown status 'nan'"),
        ({"statuses": {"NAN": "broken"}}, "'broken'"),
        ({"budget": "x"}, "row 1: the column x has 'hï', which is no number"),
        ({"seed": "loss"}, "uses the column loss twice"),
        ({"objective": "acc", "seed": "loss"}, "has 0.5, which is no integer"),
        ({"time_unit": "days"}, "time_unit is 'days'; there are ns, us"),
        ({"decimal": ";"}, "decimal is ';'"),
        ({"budget": "lr"}, "uses the column lr twice"),
    ],
)
def test_wrong_mappings_are_refused_with_the_reason(tmp_path: Path, mapping: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        read_all(write_log(tmp_path, **mapping))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl", ".json"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\x13\x00" * 50, b"{"])
def test_damaged_files_are_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = write_log(tmp_path, suffix)
    path.write_bytes(content)
    with pytest.raises(EncaveError, match=r"log\."):
        read_all(path)


def test_a_damaged_mapping_is_refused(tmp_path: Path) -> None:
    path = write_log(tmp_path)
    (tmp_path / "log.map.json").write_text('{"objective": ')
    with pytest.raises(EncaveError, match=r"map\.json"):
        read_all(path)


def test_other_tables_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    (tmp_path / "x.jsonl").write_text("[1]\n")
    (tmp_path / "x.json").write_text('[{"a": 1, "y": 2}]')
    assert find(tmp_path, [READER]) == []
    (tmp_path / "own.json").write_text('[{"config:a": 1, "cost:y": 2}]')
    assert [one.found.path.name for one in find(tmp_path, [READER])] == ["own.json"]
    (tmp_path / "package.json").write_text('{"a": [{"lr": 1, "loss": 2}]}')
    told = {one.found.path.name for one in find(tmp_path, [TableReader({"objective": "loss"})])}
    assert told == {"notes.csv", "own.json", "x.json", "x.jsonl", "x.parquet"}


def test_json_lines_by_another_name_are_a_table(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"config:a": 1, "cost:y": 2}\n{"config:a": 3, "cost:y": 4}\n')
    [one] = find(tmp_path, [READER])
    assert READER.read(one.found, Options()).run.column("cost:y").tolist() == [2.0, 4.0]


def test_a_json_list_that_breaks_off_or_holds_other_things(tmp_path: Path) -> None:
    result = a_table(tmp_path, '[{"lr": 0.1, "loss": 1}, 3, {"lr": {"a": 2}, "loss": 2}, {"lr": 0.3, "lo', "log.json")
    assert (result.read, len(result.run), result.dropped) == (4, 2, 2)
    told = {note.text for note in result.run.notes}
    assert {"not a JSON object", "the file breaks off in it"} <= told
    assert "log.json breaks off: what comes before the break was read" in told


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ('[{"lr": 0.1, "loss": 1, "x": 2}, {"lr": 0.2, "loss": 2}]', 2, 0),  # whole: the last may have fewer keys
        ('[{"lr": 0.1, "loss": 1, "x": 2}, {"lr": 0.2, "loss": 2', 1, 1),
        ('[{"lr": 0.1, "loss": 1}, {"lr": 0.2, "loss": 2}, ', 2, 0),  # between two of them
    ],
)
def test_the_last_object_of_a_list_counts_unless_it_breaks_off(
    tmp_path: Path, text: str, kept: int, dropped: int
) -> None:
    result = a_table(tmp_path, text, "log.json")
    assert (len(result.run), result.dropped) == (kept, dropped)


def a_table(folder: Path, text: str | bytes, name: str = "log.csv", **mapping: Any) -> ReadResult:
    told = {"objective": "loss", "hyperparameters": "lr"} | mapping
    (folder / f"{Path(name).stem}.map.json").write_text(json.dumps(told))
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    [result] = read_all(folder)
    return result


def notes_of(result: ReadResult) -> list[str]:
    return [note.text for note in result.run.notes if "no configuration space" not in note.text]


PLAIN = "lr,loss,start\n0.1,0.5,0\n0.2,0.4,1.5\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv", PLAIN.replace(",", ";").encode()),
        ("log.tsv", PLAIN.replace(",", "\t").encode()),
        ("log.CSV", PLAIN.replace(",", " , ").encode()),
        ("log.csv", PLAIN.replace("\n", "\r").encode()),
        ("log.csv", PLAIN.encode("utf-16")),
        ("log.csv", PLAIN.encode("utf-8-sig")),
        ("log.csv", ("\n\r\n" + PLAIN).replace(",", ";").encode("utf-8-sig")),
        ("log.csv", ("# by me\n#\n\n# mine, yours, others\n" + PLAIN).encode()),
        ("log.csv", ("# seed 3\r\n# " + PLAIN).encode("utf-8-sig")),
        ("log.csv", ("sep=;\r\n" + PLAIN.replace(",", ";")).encode("utf-8-sig")),
        ("log.tsv", ("# " + PLAIN).replace(",", "\t").encode()),
    ],
)
def test_texts_as_other_programs_write_them(tmp_path: Path, name: str, content: bytes) -> None:
    run = a_table(tmp_path, content, name, start="start").run
    assert run.trials["cost:loss"].to_pylist() == [0.5, 0.4]
    assert run.trials["start"].to_pylist() == [0.0, 1.5]
    assert [run.configuration(row) for row in (0, 1)] == [{"lr": 0.1}, {"lr": 0.2}]


def test_lines_of_comments_are_told_and_names_may_begin_with_their_sign(tmp_path: Path) -> None:
    told = "lines before the names begin with # and were taken for comments"
    assert notes_of(a_table(tmp_path, f"# by me\n# seed 3\n{PLAIN}")) == [told]
    assert notes_of(a_table(tmp_path, f"# {PLAIN}")) == []
    source = read_table(_written(tmp_path, "# by me\n#loss,x\n1,2\n"))
    assert list(source.columns) == ["#loss", "x"] and source.rows == 1
    assert column_names(_written(tmp_path, f"# by me\n{PLAIN}")) == ["lr", "loss", "start"]
    assert column_names(_written(tmp_path, "# by me\n# and others\n")) == ["# by me"]


def _written(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text)
    return path


def test_decimal_commas_are_read_where_the_mapping_says_so(tmp_path: Path) -> None:
    text = "lr;kind;loss\n0,1;1,5;0,5\n1e-2;a;2\n"
    with pytest.raises(EncaveError, match=r"log\.csv, row 1: the column loss has '0,5', which .* say decimal=,"):
        a_table(tmp_path, text)
    run = a_table(tmp_path, text, hyperparameters="lr,kind", decimal=",").run
    assert run.trials["cost:loss"].to_pylist() == [0.5, 2.0]
    assert [run.configuration(row) for row in (0, 1)] == [{"lr": 0.1, "kind": "1,5"}, {"lr": 0.01, "kind": "a"}]
    [note] = notes_of(a_table(tmp_path, "lr;loss\n0,1;1\n0,2;2\n"))
    assert note == "hyperparameter lr has commas in its numbers, which are kept as text; decimal=, reads them"


@pytest.mark.parametrize(
    ("mapping", "start"),
    [
        ({}, "1700000000000"),
        ({}, "1700000000000000"),
        ({"time_unit": "ms"}, "0"),
        ({}, "20240301T100000+0100"),
        ({}, "2024-03-01 10:00 UTC"),
        ({}, "2024-03-01T10:00:00.5Z"),
    ],
)
def test_units_and_forms_of_times(tmp_path: Path, mapping: dict[str, str], start: str) -> None:
    text = (
        f"lr,loss,start\n0.1,1,{start}\n0.1,1,{start[:-1] + '9' if start[-1] == '0' and '+' not in start else start}\n"
    )
    run = a_table(tmp_path, text, start="start", **mapping).run
    [first, second] = run.trials["start"].to_pylist()
    digits = start.isdigit()
    assert first == 0.0
    assert second == pytest.approx((9e-6 if len(start) > 13 else 9e-3) if digits else 0.0, abs=1e-6)
    assert any("since 1970" in note for note in notes_of(a_table(tmp_path, text, start="start", **mapping))) == (
        digits and not mapping
    )


@pytest.mark.parametrize("form", ["0:00:{:02d}", "0 days 00:00:{:02d}.000000", "P0DT0H0M{}S", "{}"])
def test_durations_as_programs_write_them(tmp_path: Path, form: str) -> None:
    rows = "".join(f"0.1,1,{form.format(seconds)}\n" for seconds in (10, 5))
    run = a_table(tmp_path, f"lr,loss,took\n{rows}", duration="took").run
    assert run.trials["end"].to_pylist() == [10.0, 15.0]


@pytest.mark.parametrize(
    ("name", "unit"),
    [("elapsed_min", "min"), ("time [ms]", "ms"), ("duration(hours)", "h"), ("time", None), ("secs", None)],
)
def test_a_unit_in_a_name_is_told(tmp_path: Path, name: str, unit: str | None) -> None:
    text = f"lr,loss,{name}\n0.1,1,5\n0.2,2,7\n"
    told = [note for note in notes_of(a_table(tmp_path, text, end=name)) if "taken for seconds" in note]
    assert told == (
        [f"numbers in {name} are taken for seconds: if they count {unit}, say --map time_unit={unit}"] if unit else []
    )
    assert not notes_of(a_table(tmp_path, text, end=name, time_unit="s"))


def test_folds_that_are_not_mapped_are_told(tmp_path: Path) -> None:
    text = "lr,cv_fold,loss\n0.1,0,1\n0.1,1,5\n0.2,0,2\n0.2,1,2\n"
    [note] = notes_of(a_table(tmp_path, text))
    assert note.endswith("to judge by their mean say --map instance=cv_fold")
    assert a_table(tmp_path, text).run.incumbent().value == 1.0
    mapped = a_table(tmp_path, text, instance="cv_fold")
    assert not notes_of(mapped) and mapped.run.incumbent().value == 2.0
    assert not notes_of(a_table(tmp_path, "lr,split,loss\n0.1,0,1\n0.2,1,5\n"))


def test_stamps_of_two_clocks_are_told(tmp_path: Path) -> None:
    text = "lr,loss,start\n0.1,1,0\n0.2,1,1700000000\n"
    assert notes_of(a_table(tmp_path, text, start="start")) == [
        "times reach over 54 years: some are of another clock, or 0 where there is none"
    ]


def test_digits_of_a_date_are_no_stamp(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="start are as large as 20240301100000; say what they count with time_unit"):
        a_table(tmp_path, "lr,loss,start\n0.1,1,20240301100000\n", start="start")


@pytest.mark.parametrize("start", ["2024-03-01", "01/03/2024 10:00", "soon", "2024-13-01T10:00:00"])
def test_what_is_no_time_is_refused_with_its_row(tmp_path: Path, start: str) -> None:
    with pytest.raises(EncaveError, match=f"row 2: the column start has '{start}', which is no time: write seconds"):
        a_table(tmp_path, f"lr,loss,start\n0.1,1,5\n0.2,1,{start}\n", start="start")


def test_rows_that_an_open_quote_swallows_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"0.{i},b,0.3\n" for i in range(3, 30))
    result = a_table(tmp_path, f'lr,note,loss\n0.1,a,0.5\n0.2,"open,0.4\n{rows}')
    assert (result.read, result.dropped) == (29, 28)
    assert "(line 3; a quote that is not closed swallows the rows after it)" in notes_of(result)[0]
    result = a_table(tmp_path, f'lr,note,loss\n0.2,"open,0.4\n{rows}0.1,"x",0.3\n')
    [note] = [note for note in result.run.notes if "a quote may not be closed" in note.text]
    assert note.count == 27
    assert notes_of(a_table(tmp_path, 'lr,note,loss\n0.2,"a\nb\nc",0.4\n')) == []


def test_oddities_of_hyperparameters_and_rows_are_told(tmp_path: Path) -> None:
    assert notes_of(a_table(tmp_path, "lr,loss\n0.1,1\nauto,1\n")) == [
        "hyperparameter lr has numbers and others such as 'auto'; all are kept as text"
    ]
    result = a_table(tmp_path, "lr,loss\n99999999999999999999,1\n99999999999999999998,1\n,2\n")
    assert [result.run.configuration(row).get("lr") for row in (0, 1, 2)] == [
        "99999999999999999999",
        "99999999999999999998",
        None,
    ]
    assert notes_of(result) == ["hyperparameter lr has integers of more than 64 bits, which are kept as text"]
    assert notes_of(a_table(tmp_path, "lr,loss\n0.1,1\n0.1,1\n0.1,2\n")) == [
        "rows are the same as an earlier one in every column; all are kept"
    ]


def test_broken_utf_16_is_told(tmp_path: Path) -> None:
    result = a_table(tmp_path, PLAIN.encode("utf-16") + b"\0")
    assert any("characters of UTF-16 that are broken" in note for note in notes_of(result))


def test_bytes_that_are_not_utf_8_stay_apart(tmp_path: Path) -> None:
    result = a_table(tmp_path, "lr,loss\ngröße,1\n".encode("latin-1") + "grüße,2\nä,3\n".encode())
    assert [result.run.configuration(row)["lr"] for row in (0, 1, 2)] == ["größe", "grüße", "ä"]
    assert "the first at 10, are read as Latin-1" in notes_of(result)[0]


def test_decimals_of_parquet_are_numbers(tmp_path: Path) -> None:
    from decimal import Decimal

    frame = pd.DataFrame({"lr": [Decimal("0.10"), Decimal("0.25")], "loss": [Decimal("1.5"), None]})
    frame.to_parquet(tmp_path / "log.parquet")
    (tmp_path / "log.map.json").write_text(json.dumps({"objective": "loss", "hyperparameters": "lr"}))
    [result] = read_all(tmp_path)
    assert [result.run.configuration(row) for row in (0, 1)] == [{"lr": 0.1}, {"lr": 0.25}]
    assert result.run.trials["cost:loss"].to_pylist() == [1.5, None]


def test_100_000_rows_in_seconds(tmp_path: Path) -> None:
    import time

    rows = pd.DataFrame({"lr": [i / 1e5 for i in range(100_000)], "loss": [1.0 / (i + 1) for i in range(100_000)]})
    rows.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "log.map.json").write_text(json.dumps({"objective": "loss", "hyperparameters": "lr"}))
    began = time.process_time()
    [result] = read_all(tmp_path)
    assert len(result.run) == 100_000
    assert time.process_time() - began < 20


def count(tmp_path: Path, column: list[Any]) -> ReadResult:
    rows = [{"n": n, "x": i / 9, "loss": 1.0 / (i + 1)} for i, n in enumerate(column)]
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
    told = {"objective": "loss", "hyperparameters": "x", "evaluation": "n"}
    [result] = read_all(tmp_path / "log.csv", Options(mapping=told), TableReader(told))
    return result


def test_counts_of_evaluations(tmp_path: Path) -> None:
    run = count(tmp_path, [1, 40, 700, 1000]).run
    assert run.column("evaluation").tolist() == [1, 40, 700, 1000]
    assert run.improvements_only and run.evaluations is None
    assert any("at least 1000 evaluations, of which its logger kept 4" in note.text for note in run.notes)
    every = count(tmp_path, [1, 2, 3]).run
    assert every.column("evaluation").tolist() == [1, 2, 3] and not every.improvements_only


def test_counts_from_0_are_moved_and_negative_ones_refused(tmp_path: Path) -> None:
    run = count(tmp_path, [0, 1, 2]).run
    assert run.column("evaluation").tolist() == [1, 2, 3] and not run.improvements_only
    assert any("counts evaluations from 0" in note.text for note in run.notes)
    with pytest.raises(EncaveError, match="its evaluation is not positive"):
        count(tmp_path, [-1, 1, 2])


def test_constraints_of_a_data_frame_of_optuna_keep_the_incumbent_feasible(tmp_path: Path) -> None:
    head = "number,value,params_x,state,system_attrs_constraints,system_attrs_constraints:own"
    rows = ('0,0.1,1,COMPLETE,"[0.5, -1.0]",', '1,0.2,2,COMPLETE,"(-0.5,)",1.0', "2,0.3,3,COMPLETE,[-1],-1")
    (tmp_path / "trials.csv").write_text("\n".join((head, *rows, "")))
    (result,) = read_all(tmp_path)
    assert result.run.trials["feasible"].to_pylist() == [False, False, True]
    assert result.run.incumbent().value == 0.3


def test_directions_of_a_data_frame_of_optuna_are_by_name_and_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("number,values_loss,values_acc,params_x\n0,0.5,0.7,1\n1,0.4,0.8,2\n")
    (result,) = read_all(tmp_path)
    told = [(one.name, one.direction) for one in result.run.objectives]
    assert told == [("values_loss", "minimize"), ("values_acc", "maximize")] and _frame_note(result)


def _frame_note(result: ReadResult) -> bool:
    return any("does not say its directions" in note.text for note in result.run.notes)


def test_a_mapping_corrects_a_known_table_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text(
        "number,value,params_x,state\n0,0.1,1,COMPLETE\n1,0.2,2,FAIL\n2,0.3,3,PRUNED\n"
    )
    (plain,) = read_all(tmp_path)
    assert plain.run.objectives[0].direction == "minimize" and _frame_note(plain)
    (tmp_path / "encave.map.json").write_text('{"objective": "value:maximize", "budget": "number"}')
    (told,) = read_all(tmp_path)
    assert told.run.objectives[0].direction == "maximize" and not _frame_note(told)
    assert told.run.trials["status"].to_pylist() == ["success", "crashed", "aborted"]
    assert told.run.trials["budget"].to_pylist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("form", ["comma", "semicolon without index", "bom", "parquet", "json"])
def test_two_levels_of_columns_are_one(tmp_path: Path, form: str) -> None:
    columns = [("number", ""), ("values", "err"), ("values", "acc"), ("params", "x"), ("params", "y")]
    columns += [("system_attrs", "constraints"), ("state", "")]
    rows = [[0, 0.5, 0.9, 1.0, 3.0, "[0.5]", "COMPLETE"], [1, 0.7, 0.8, 2.0, 4.0, "[-0.5]", "COMPLETE"]]
    frame = pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(columns))
    flat = pd.DataFrame(rows, columns=["_".join(filter(None, pair)) for pair in columns])
    (tmp_path / "one").mkdir()
    flat.to_csv(tmp_path / "one" / "frame.csv", index=False)
    path = tmp_path / "two" / {"parquet": "frame.parquet", "json": "frame.json"}.get(form, "frame.csv")
    path.parent.mkdir()
    if form == "parquet":
        frame.to_parquet(path, index=False)
    elif form == "json":
        frame.to_json(path, orient="records")
    else:
        sign, code = (";" if form.startswith("semicolon") else ","), "utf-8-sig" if form == "bom" else "utf-8"
        frame.to_csv(path, sep=sign, index=sign == ",", encoding=code)
    ((two,), (one,)) = (read_all(tmp_path / folder) for folder in ("two", "one"))
    assert two.run.configurations.equals(one.run.configurations)
    assert two.run.trials.select(one.run.trials.column_names).equals(one.run.trials)
    assert two.run.trials["feasible"].to_pylist() == [False, True]
    assert two.run.incumbent().value == 0.7


def test_words_of_other_programs_for_how_a_trial_ended(tmp_path: Path) -> None:
    words = {"COMPLETED": "success", "BROKEN": "crashed", "ABANDONED": "aborted", "CANDIDATE": "not-evaluated"}
    words |= {"early_stopped": "aborted", "reserved": "running", "SCHEDULED": "not-evaluated", "interrupted": "aborted"}
    rows = [{"x": k, "loss": float(k), "state": word} for k, word in enumerate(words)]
    path = tmp_path / "t.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    reader = TableReader({"objective": "loss", "hyperparameters": "x", "status": "state"})
    (result,) = read_all(
        tmp_path, Options(mapping={"objective": "loss", "hyperparameters": "x", "status": "state"}), reader
    )
    assert result.run.trials["status"].to_pylist() == list(words.values())


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.json", "t.parquet"])
def test_a_table_of_no_bytes_is_told_as_empty_and_one_of_a_byte_is_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(EncaveError, match=r"^\S+ is empty \(0 bytes\)$"):
        read_table(path)
    path.write_bytes(b"x")
    try:
        assert read_table(path).rows == 0
    except EncaveError as error:
        assert "0 bytes" not in str(error)
