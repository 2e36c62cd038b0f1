"""The folder of converted runs: which names are taken, and what of an ended conversion is removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from encave.converters import convert
from encave.converters.run_folders import FILES, RunFolders, opened
from encave.errors import EncaveError
from encave.run import HEADER_FILE, TRIALS_FILE

from .conftest import random_lines, write_trials

SOURCE = Path("/logs/study/seed-3/history.json")


def a_run(folder: Path, header: object, *, files: tuple[str, ...] = FILES) -> Path:
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("")
    (folder / HEADER_FILE).write_text(header if isinstance(header, str) else json.dumps(header))
    return folder


def header(source: str = str(SOURCE), fingerprint: str = "f") -> dict[str, object]:
    return {"metadata": {"source": source, "fingerprint": fingerprint}}


def test_a_log_keeps_the_folder_of_its_earlier_conversion(tmp_path: Path) -> None:
    whole = a_run(tmp_path / "any", header())
    damaged = a_run(tmp_path / "other", header("/logs/b", "g"), files=FILES[:-1])
    folders = RunFolders(tmp_path)
    for source, folder, fingerprint in ((SOURCE, whole, "f"), (Path("/logs/b"), damaged, None)):
        earlier = folders.earlier(source)
        assert earlier is not None and (earlier.folder, earlier.fingerprint) == (folder, fingerprint)
        assert folders.place(source, "new") == folder
    assert folders.folders() == [whole]  # the other is to be written again
    folders.add(damaged)
    assert folders.folders() == [whole, damaged]
    assert folders.earlier(Path("/logs/c")) is None


@pytest.mark.parametrize("lost", ["source", "fingerprint"])
def test_a_run_that_does_not_say_what_it_is_of_only_has_its_name(tmp_path: Path, lost: str) -> None:
    told = header()
    del told["metadata"][lost]  # type: ignore[attr-defined]
    a_run(tmp_path / "dehb", told)
    folders = RunFolders(tmp_path)
    assert folders.folders() == [] and folders.earlier(SOURCE) is None
    assert folders.place(SOURCE, "dehb") == tmp_path / "dehb-seed-3"


def test_names_are_given_once_whatever_their_case(tmp_path: Path) -> None:
    (tmp_path / "DEHB").mkdir()
    folders = RunFolders(tmp_path)
    given = [folders.place(Path(f"/{name}"), "dehb").name for name in "ab"]
    assert len({"dehb", *map(str.lower, given)}) == 3


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000])
def test_the_name_of_a_wreck_is_free_unless_it_holds_other_files(tmp_path: Path, text: str) -> None:
    a_run(tmp_path / "wreck", text)
    assert RunFolders(tmp_path).place(SOURCE, "wreck") == tmp_path / "wreck"
    (tmp_path / "wreck" / "notes.txt").write_text("mine")
    assert RunFolders(tmp_path).place(SOURCE, "wreck") == tmp_path / "wreck-seed-3"


def test_a_folder_without_a_header_and_a_link_are_no_wrecks(tmp_path: Path) -> None:
    (tmp_path / "out" / "plain").mkdir(parents=True)
    (tmp_path / "out" / "plain" / TRIALS_FILE).write_text("")
    (tmp_path / "out" / "link").symlink_to(a_run(tmp_path / "elsewhere", "{"))
    folders = RunFolders(tmp_path / "out")
    assert folders.place(SOURCE, "plain").name != "plain"
    assert folders.place(Path("/b"), "link").name != "link"


def test_the_name_of_a_folder_that_cannot_be_looked_into_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(tmp_path / "barred", "{")
    listed = Path.iterdir

    def iterdir(self: Path) -> object:
        if self.name == "barred":
            raise PermissionError(13, "Permission denied")
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert RunFolders(tmp_path).place(SOURCE, "barred").name != "barred"


@pytest.mark.parametrize(
    ("held", "stays"),
    [
        ([], False),
        ([HEADER_FILE, TRIALS_FILE], False),
        ([".run.json.abcd1234", ".trials.parquet.abcd1234", ".trials.csv.abcd1234.encave"], False),
        ([HEADER_FILE, "notes.txt"], True),  # one file of the user's is enough
        (["notes.txt"], True),
        ([".run.json.abc"], True),
    ],
)
def test_only_what_a_conversion_left_behind_is_removed(tmp_path: Path, held: list[str], stays: bool) -> None:
    left = tmp_path / ".dehb.abcd1234"
    left.mkdir()
    for name in held:
        (left / name).write_text("")
    with opened(tmp_path):
        assert left.exists() == stays


def test_other_names_links_and_files_are_left_alone(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    for folder in (out / "dehb.abcd1234", out / ".dehb.abc", out / ".git", elsewhere):
        folder.mkdir(parents=True)
    (out / ".link.abcd1234").symlink_to(elsewhere)
    (out / ".file.abcd1234").write_text("")
    before = sorted(out.iterdir())
    with opened(out):
        pass
    assert sorted(out.iterdir()) == before and elsewhere.is_dir()


def test_what_is_left_while_it_is_written_is_removed_at_the_end(tmp_path: Path) -> None:
    with opened(tmp_path / "new" / "out") as folders:
        left = folders.folder / ".dehb.abcd1234"
        left.mkdir()
    assert not left.exists() and folders.folder.is_dir()


def test_one_conversion_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(EncaveError, match="another conversion is writing to"), opened(tmp_path):
        pass
    with opened(tmp_path):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(EncaveError, match=r"cannot write .*file"), opened(tmp_path / "file"):
        pass


def test_a_run_that_a_link_leads_to_is_not_written_to(tmp_path: Path) -> None:
    write_trials(tmp_path / "a", random_lines(3))
    [first] = convert([tmp_path / "a"], tmp_path / "mine")
    assert first.output is not None
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "linked").symlink_to(first.output)
    before = {path.name: path.read_bytes() for path in first.output.iterdir()}
    write_trials(tmp_path / "b", random_lines(9, seed=5))  # of the same study: its bounds would be written to both
    [second] = convert([tmp_path / "b"], tmp_path / "out")
    assert second.status == "converted" and second.output is not None
    assert {path.name: path.read_bytes() for path in first.output.iterdir()} == before
    (tmp_path / "a" / "trials.jsonl").write_text((tmp_path / "b" / "trials.jsonl").read_text())
    [again] = convert([tmp_path / "a"], tmp_path / "out")  # its folder is the link, which is replaced
    assert again.status == "converted" and not (tmp_path / "out" / "linked").is_symlink()
    assert {path.name: path.read_bytes() for path in first.output.iterdir()} == before


def test_words_of_a_folder_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EncaveError) as error, opened(tmp_path / "file"):
        pass
    assert str(error.value) == f"cannot write {tmp_path / 'file'}: File exists. Choose a folder you may write to."
    with opened(tmp_path), pytest.raises(EncaveError) as error, opened(tmp_path):
        pass
    assert str(error.value) == f"another conversion is writing to {tmp_path}: wait, or choose another folder"

    def listed(self: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", listed)
    with pytest.raises(EncaveError, match="Permission denied"), opened(tmp_path):
        pass


def test_without_locks_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / ".dehb.abcd1234"
    left.mkdir()
    half = tmp_path / ".dehb.abcd1234.encave"
    half.mkdir()

    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with opened(tmp_path) as folders:
        assert folders.folder == tmp_path
    assert left.exists() and half.exists()
    monkeypatch.undo()
    with opened(tmp_path):
        assert not left.exists() and not half.exists()


def test_what_is_left_is_removed_also_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), opened(tmp_path) as folders:
        (folders.folder / ".dehb.abcd1234").mkdir()
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with opened(tmp_path):  # its lock is given back
        pass


def test_headers_that_are_none_keep_their_names(tmp_path: Path) -> None:
    a_run(tmp_path / "list", [1], files=(HEADER_FILE, "notes.txt"))
    a_run(tmp_path / "text", {"metadata": "x"}, files=(HEADER_FILE,))
    a_run(tmp_path / "empty", {}, files=(HEADER_FILE,))
    a_run(tmp_path / "numbers", {"metadata": {"source": 5, "fingerprint": 7}})
    folders = RunFolders(tmp_path)
    for name in ("list", "text", "empty"):
        assert folders.place(Path(f"/{name}"), name).name != name
    found = folders.earlier(Path("5"))
    assert found is not None and found.fingerprint == "7"


def test_a_source_that_is_no_unicode_is_found_again(tmp_path: Path) -> None:
    a_run(tmp_path / "odd", header(r"/logs/\udcff"))
    found = RunFolders(tmp_path).earlier(Path("/logs/\udcff"))
    assert found is not None and found.folder == tmp_path / "odd"


def test_a_run_behind_a_link_is_known_but_not_among_those_written(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(a_run(tmp_path / "elsewhere", header()))
    folders = RunFolders(tmp_path / "out")
    found = folders.earlier(SOURCE)
    assert found is not None and (found.folder, found.fingerprint) == (tmp_path / "out" / "link", "f")
    assert folders.folders() == [] and folders.place(SOURCE, "x") == tmp_path / "out" / "link"
