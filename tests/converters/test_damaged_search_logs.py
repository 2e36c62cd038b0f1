"""Damage at random places of real logs: a message or a run, never a traceback, and every trial accounted for."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.converters import registry, survey
from encave.converters.reader import Options
from encave.errors import EncaveError

from .reading import LOGS

CASES = [
    ("deephyper/re", "results.csv"),
    ("nats-bench/search-tss/cifar10-T20000/R-EA-SS3", "results.pth"),
    ("nats-bench/search-tss/cifar10-T20000/RANDOM", "results.pth"),
    ("syne-tune/toy-asha-2026-11-22-01-31-09-613", "metadata.json"),
    ("syne-tune/toy-asha-2026-11-22-01-31-09-613", "results.csv.zip"),
    ("neps/0.17-multi-objective", "configs/config_2/config.yaml"),
    ("neps/0.17-multi-objective", "configs/config_2/report.yaml"),
    ("neps/0.17-hyperband", "configs/config_6_rung_1/metadata.json"),
    ("neps/0.12-regularized-evolution", "results/config_3/result.yaml"),
]
TOKEN = re.compile(rb'-?\d+(?:\.\d+)?|true|null|[A-Za-z_]+|"[^"]*"')
VALUES = [b"NaN", b"Infinity", b"1e999", b"-1", b"null", b"[]", b"{}", b'"x"', b",", b"\n", b"9" * 400, b"\xff"]
damages = st.lists(
    st.tuples(st.sampled_from(["byte", "token", "cut", "double"]), st.floats(0, 1), st.sampled_from(VALUES)),
    min_size=1,
    max_size=4,
)


def damaged(data: bytes, damage: list[tuple[str, float, bytes]]) -> bytes:
    for kind, place, value in damage:
        at = int(place * len(data))
        if kind == "cut":
            data = data[:at]
        elif kind == "byte":
            data = data[:at] + value[:1] + data[at + 1 :]
        elif kind == "double":
            data = data[:at] + data[at // 2 : at // 2 + 40] + data[at:]
        elif tokens := list(TOKEN.finditer(data)):
            token = tokens[min(int(place * len(tokens)), len(tokens) - 1)]
            data = data[: token.start()] + value + data[token.end() :]
    return data


def damage_file(path: Path, damage: list[tuple[str, float, bytes]], inside: bool) -> None:
    if not (inside and zipfile.is_zipfile(path)):
        path.write_bytes(damaged(path.read_bytes(), damage))
        return
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name.endswith((".csv", ".pkl"))}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, damaged(data, damage))


@pytest.mark.parametrize(("log", "file"), CASES)
@given(damage=damages, inside=st.booleans())
@settings(max_examples=25)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # ConfigSpace, of absurd ranges
def test_no_damage_ends_in_a_traceback(
    log: str, file: str, damage: list[tuple[str, float, bytes]], inside: bool
) -> None:
    readers = list(registry.formats().values())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "log"
        shutil.copytree(LOGS / log, folder)
        damage_file(folder / file, damage, inside)
        for candidate in survey.find(folder, readers):
            try:
                result = candidate.reader.read(candidate.found, Options())
            except EncaveError:
                continue
            assert result.read == len(result.run) + result.merged + result.dropped
