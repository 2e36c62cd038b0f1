"""Optuna's relational storage in an SQLite file, of any schema (Optuna 0.9 to 5), read without Optuna.

The file is never written to, and may be hostile; see `safe_sqlite`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ....errors import EncaveError
from ....files.sqlite import MAGIC, Database, opened
from ....run import Note
from ...reader import Found, Listing, Options, ReadResult
from .params import Parameters
from .study import STATES, OptunaStudy, OptunaTrial, all_seconds, seconds

SUFFIXES = (".db", ".sqlite", ".sqlite3", ".db3")
_JOURNALS = ("-wal", "-journal")
_TABLES = frozenset({"studies", "trials", "trial_params"})
_MORE_TABLES = (
    "study_directions",
    "study_system_attributes",
    "study_user_attributes",
    "trial_intermediate_values",
    "trial_system_attributes",
    "trial_user_attributes",
    "trial_values",
    "version_info",
)
_SCHEMA = 1 << 16  # bytes in which the texts of the tables stand
_PAGE = 512  # bytes of SQLite's smallest page
_DATES = (3, 4)  # their places in a row of a trial
_INFINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf}


def detect(listing: Listing) -> Iterable[Found]:
    """One run per study of each SQLite file with Optuna's tables."""
    for name in listing.names:
        named = name.endswith((*SUFFIXES, ".storage")) or "optuna" in name.lower()
        if not named and (listing.folder / name).stat().st_size % _PAGE:
            continue  # a whole storage has whole pages, by whatever name
        head = listing.head(name, len(MAGIC))
        if head == MAGIC:
            yield from _found(listing, name)
        elif not head and name.endswith(SUFFIXES) and "optuna" in name.lower():
            yield Found(listing.folder / name, (listing.folder / name,), "an empty file named after Optuna")


def read(found: Found, options: Options) -> ReadResult:
    """Read one study."""
    from .trials import to_result

    if not found.path.stat().st_size:
        raise EncaveError(f"{found.path} is empty (0 bytes)")
    with opened(found.path) as database:
        storage = _Storage(database, (*_TABLES, *_MORE_TABLES))
        names = storage.studies()
        if found.key is None and len(names) != 1:
            raise EncaveError(f"{found.path} has {len(names)} studies: {', '.join(map(repr, names.values()))}")
        wanted = [number for number, name in names.items() if found.key in (None, name)]
        if not wanted:
            raise EncaveError(f"{found.path} has no study {found.key!r}")
        study = storage.study(wanted[0], names[wanted[0]])
        if database.remark is not None:
            study.notes.append(Note("flagged", database.remark))
    return to_result(study, found.path, options)


def _found(listing: Listing, name: str) -> Iterator[Found]:
    path = listing.folder / name
    files = (path, *(path.with_name(name + end) for end in _JOURNALS if name + end in listing.has))
    evidence = f"SQLite tables {', '.join(sorted(_TABLES))}"
    try:
        with opened(path) as database:
            storage = _Storage(database, _TABLES)
            if not storage.tables.keys() >= _TABLES:
                return
            studies = storage.studies()
    except EncaveError as error:
        if "optuna" in name.lower() or b"trial_params" in listing.head(name, _SCHEMA):
            yield Found(path, files, f"an SQLite file of Optuna by its name or first page ({error})")
        return
    for study in studies.values():
        yield Found(path, files, evidence, key=study)


class _Storage:
    """The tables of a storage, as far as they are looked at."""

    def __init__(self, database: Database, tables: Iterable[str]) -> None:
        self._database = database
        self.tables = database.columns(tables)
        """Table → columns."""

    def studies(self) -> dict[int, str]:
        """Number → name."""
        listed = self._database.select(("study_id", "study_name"), "FROM studies ORDER BY study_id")
        return {number: str(name) for number, name in listed}

    def study(self, number: int, name: str) -> OptunaStudy:
        """One study with its trials."""
        study = OptunaStudy(name, self._directions(number), release=self._release())
        study.user = self._study_attributes("study_user_attributes", number)
        study.system = self._study_attributes("study_system_attributes", number)
        collected = _Collected(self._trials(number))
        parameters = Parameters(list(self._in_utf8(self._rows("params", number))))
        collected.broken |= parameters.broken
        for table, take in (
            ("values", collected.value),
            ("intermediate_values", collected.step),
            ("user_attributes", collected.user),
            ("system_attributes", collected.system),
        ):
            for row in self._rows(table, number):
                collected.apply(take, row)
        keys = collected.finish(study)
        study.parameters = parameters.of_trials(keys)
        return study

    def _in_utf8(self, rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """Rows of parameters with their bytes of text in UTF-8."""
        code = self._database.encoding
        if code == "UTF-8":
            return rows
        return (tuple(v.decode(code, "replace").encode() if isinstance(v, bytes) else v for v in row) for row in rows)

    def _release(self) -> str | None:
        if "library_version" not in self.tables.get("version_info", ()):
            return None
        row = next(self._database.select(("library_version",), "FROM version_info"), None)
        return str(row[0]) if row else None

    def _directions(self, study: int) -> list[str]:
        if "study_directions" in self.tables:
            rest = "FROM study_directions WHERE study_id = ? ORDER BY objective"
        elif "direction" in self.tables["studies"]:  # before schema 2.4
            rest = "FROM studies WHERE study_id = ?"
        else:
            return ["NOT_SET"]
        return [str(direction) for (direction,) in self._database.select(("direction",), rest, (study,))] or ["NOT_SET"]

    def _study_attributes(self, table: str, study: int) -> dict[str, Any]:
        if table not in self.tables:
            return {}
        rows = self._database.select(("key", "value_json"), f"FROM {table} WHERE study_id = ?", (study,))
        return {str(key): _lenient_json(text) for key, text in rows}

    def _trials(self, study: int) -> list[tuple[Any, ...]]:
        number = "number" if "number" in self.tables["trials"] else "NULL"  # before schema 1.3: an attribute
        value = "value" if "value" in self.tables["trials"] else "NULL"  # before schema 2.4
        columns = ("trial_id", number, "state", "datetime_start", "datetime_complete", value)
        return list(self._database.select(columns, "FROM trials WHERE study_id = ? ORDER BY trial_id", (study,)))

    def _rows(self, table: str, study: int) -> Iterator[tuple[Any, ...]]:
        """Rows of a table of trials, each beginning with the trial's id; none if this schema has no such table."""
        columns = self._columns(table)
        if columns is None:
            return iter(())
        name, selected, order = columns
        join = f"FROM {name} x JOIN trials t ON t.trial_id = x.trial_id WHERE t.study_id = ? ORDER BY {order}"
        return self._database.select(("x.trial_id", *selected), join, (study,))

    def _columns(self, table: str) -> tuple[str, tuple[str, ...], str] | None:
        """The table's name in this schema, the columns wanted, and their order."""
        name = f"trial_{table}"
        has = self.tables.get(name, set[str]())
        if table == "params":
            # as bytes, which cost no call of a function per row
            columns = ("CAST(x.param_name AS BLOB)", "x.param_value", "CAST(x.distribution_json AS BLOB)")
            return name, columns, "x.param_id"
        if table.endswith("attributes"):
            return (name, ("x.key", "x.value_json"), "x.rowid") if has else None
        if table == "values":
            kind = "x.value_type" if "value_type" in has else "NULL"
            return (name, ("x.objective", "x.value", kind), "x.rowid") if "objective" in has else None
        kind = "x.intermediate_value_type" if "intermediate_value_type" in has else "NULL"
        if has:
            return name, ("x.step", "x.intermediate_value", kind), "x.step"
        before = "step" in self.tables.get("trial_values", ())  # before schema 2.4
        return ("trial_values", ("x.step", "x.value", "NULL"), "x.step") if before else None


class _Collected:
    """The trials of a study as their rows come in; a trial with a row that cannot be read is dropped in the end."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.trials: dict[int, OptunaTrial] = {}
        self.broken: set[int] = set()
        listed = list(rows)
        starts, ends = (all_seconds([row[column] for row in listed]) for column in _DATES)
        for position, (key, number, state, start, end, value) in enumerate(listed):
            numbered = number is None or isinstance(number, int)
            trial = OptunaTrial(number if numbered and number is not None else position, str(state))
            self.trials[key] = trial
            try:
                if value is not None:
                    self.value(trial, 0, value, None)
                trial.start = starts[position] if starts else seconds(start)
                trial.end = ends[position] if ends else seconds(end)
            except (ValueError, TypeError):
                self.broken.add(key)
            if trial.state not in STATES or not numbered:
                self.broken.add(key)

    def apply(self, take: Callable[..., None], row: tuple[Any, ...]) -> None:
        """Take in a row that begins with the id of its trial."""
        try:
            take(self.trials[row[0]], *row[1:])
        except (ValueError, TypeError, IndexError, OverflowError):
            self.broken.add(row[0])

    def value(self, trial: OptunaTrial, objective: int, value: Any, kind: str | None) -> None:
        """An objective's value."""
        number = _INFINITE.get(kind or "", value)
        if number is not None:
            trial.values[int(objective)] = float(number)

    def step(self, trial: OptunaTrial, step: int, value: Any, kind: str | None) -> None:
        """An intermediate value; null stands for NaN."""
        number = _INFINITE.get(kind or "", value)
        trial.steps[int(step)] = None if number is None else float(number)

    def user(self, trial: OptunaTrial, key: str, text: str) -> None:
        """A user attribute."""
        trial.user[str(key)] = _lenient_json(text)

    def system(self, trial: OptunaTrial, key: str, text: str) -> None:
        """A system attribute; before schema 1.3 one is the trial's number."""
        if key == "_number":
            trial.number = int(json.loads(text))
        else:
            trial.system[str(key)] = _lenient_json(text)

    def finish(self, study: OptunaStudy) -> list[int]:
        """Put the trials into the study; their ids, in that order."""
        readable = [(key, trial) for key, trial in self.trials.items() if key not in self.broken]
        readable.sort(key=lambda item: item[1].number)
        study.trials = [trial for _, trial in readable]
        study.dropped = len(self.trials) - len(readable)
        if study.dropped:
            study.notes.append(Note("dropped", "trials whose rows hold what Optuna does not write", study.dropped))
        return [key for key, _ in readable]


def _lenient_json(text: Any) -> Any:
    """An attribute; long ones were cut off by old schemas, then the text itself."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return text
