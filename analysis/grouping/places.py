"""What the folders, files and studies that runs come from say beside the optimizer, dates, seeds and repetitions."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias
from urllib.parse import unquote

from ...run import RunHeader
from ...run.checks import is_list

_HASH = re.compile(
    r"(?:(?<![a-z])no-name-)?(?<![0-9a-z])(?:(?=[0-9a-f-]*[0-9])[0-9a-f]{8}[0-9a-f-]*|"
    r"(?=(?:[a-z]*[0-9]+[a-z]+){2})(?:[0-9a-z]{8}|[0-9a-f]{7}))(?![0-9a-z])"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIME = r"[-_ t.]*[0-9]{2}[-_.:h]?[0-9]{2}(?:[-_.:m]?[0-9]{2}s?(?:[-_.][0-9]{1,6})?)?(?:[-_ ]?(?:utc|gmt|z))?"
_DATE = re.compile(
    rf"(?<![0-9])(?:[0-9]{{4}}[-_.]?[0-9]{{2}}[-_.]?[0-9]{{2}}|[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}(?:[0-9]{{2}})?|"
    rf"[0-9]{{1,2}}[-_. ]?{_MONTH}(?:[-_. ]?[0-9]{{2,4}})?)(?:{_TIME})?(?![0-9a-z])|"
    rf"(?<![a-z]){_MONTH}[-_. ]?[0-9]{{1,2}}(?:[-_. ][0-9]{{2,4}})?(?![0-9])|(?<![0-9])[0-9]{{9,}}(?![0-9])"
)
_DAY = re.compile(  # 20240501_1200, whose day alone would be a hash
    rf"(?<![0-9a-z])(?:19|20)[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:{_TIME})?(?![0-9a-z])"
)
# what holds logs whatever they are of, and what formats call their files
_CONTAINER = (
    r"(?<![a-z])(?:outputs?|out|results?|logs?|runs|experiments|history|runhistory|trials|study|journal|parquet|gzip|"
    r"gz|jsonl?|csv|pkl|db|sqlite3?|iohprofiler|bbobexp|configs)(?![a-z0-9])"
)
_FILE = re.compile(r"\.(?:jsonl?|csv|tsv|pkl|pickle|db|sqlite3?|log|parquet|gzip|gz|zip|dat|info|ya?ml|txt)(?=\.|$)")
# a number is a repetition's, unless it follows a word that says of what, or stands at one as part of a name
_OF_A_TASK = (
    r"(?:tasks?|dataset|data|openml|did|tid|instance|inst|dim|dimension|function|func|f|d|problem|fold|split|v|eta|"
    r"zdt|dtlz|wfg|bbob|cec|budget|epochs?|lr|bs|batch_?size|pop|popsize|population|workers|depth|width|layers?)"
)
_OF_A_SEED = (
    r"(?:(?:random|rng)?[-_ ]?seeds?|rng|random[-_ ]?state|"
    r"runs?|repetition|repeat|rep|trial|replicat(?:e|ion)|s|r|job|worker|node|host|gpu|pid|slurm|array|nr|no|id|part)"
)
_DECIMAL = r"[0-9]+\.[0-9]+(?:e[-+]?[0-9]+)?|[0-9]+e[-+]?[0-9]+"
_TOKEN = re.compile(
    rf"(?P<task>(?<![a-z]){_OF_A_TASK}[^0-9a-z]*(?:{_DECIMAL}|[0-9]+)(?![0-9]))|"
    rf"(?P<seed>(?<![a-z]){_OF_A_SEED}[^0-9a-z.]*[0-9]+(?![0-9a-z])|[0-9]+(?:st|nd|rd|th)(?![a-z]))|"
    rf"(?P<decimal>(?<![0-9.])(?:{_DECIMAL})(?![0-9.]))|"
    rf"(?P<glued>(?<=[a-z])[0-9]+)|"
    rf"(?P<unit>[0-9]+[a-z]+)|"
    rf"(?P<number>[0-9]+)|"
    rf"(?P<word>[^\W\d_]+[+#]*)"
)
_NUMBERED = re.compile(rf"({_OF_A_TASK})s?")  # a folder of folders that are numbered
# of these a number is the size, the dimension or the edition: part of the name, also where it stands apart
_NAMED_WITH_NUMBERS = re.compile(
    "cifar|(?:tiny)?imagenet|wiki(?:text)?|caltech|food|flowers|ucf|hmdb|kinetics|voc|pascal|coco|librispeech|enwik|"
    "newsgroups|nas|(?:nas)?bench|nb|resnet|vgg|densenet|efficientnet|bert|ackley|rosenbrock|rastrigin|griewank|levy|"
    "schwefel|(?:styblinski)?tang|michalewicz|zakharov|hartmann|branin|powell|ellipsoid|sphere"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=(?:Seed|Run|Rep|Trial)(?![a-z]))")
_REPETITIONS = frozenset(("seed", "seeds", "run", "rep", "reps", "repetition", "repetitions", "repeat", "repeats"))
_WORDS = ("word", "end")
_Token: TypeAlias = tuple[str, str]
"""Whether it is a word, a number as `glued` to one, the `end` of a word after such, or a number alone; and its text."""


@dataclass(frozen=True)
class Places:
    """What tells runs apart by where they come from."""

    words: Mapping[int, str]
    """`id` of each run → the words, empty where there are none."""
    doubts: tuple[str, ...]
    """Numbers that were taken for those of repetitions and do not look like it."""


def places_of(
    runs: Sequence[RunHeader], labels: Mapping[int, str], own: Callable[[RunHeader], Iterable[str]]
) -> Places:
    """What the path and the study of each run say beside names of its own, dates, hashes, seeds and repetitions.

    A number is told from another only if it is part of a name (`cifar10`, `cifar_10`, `ackley_5`) and those found are
    no count from 0 or 1, if it says of what it is (`dim2`, `lr0.01`, `5min`), or if a further number counts the
    repetitions within each.

    Args:
        runs: The runs.
        labels: Label of the optimizer of each run by `id`.
        own: What names a run itself and does not count.
    """
    tokens = {id(run): told for run, told in zip(runs, _tokens(runs, own), strict=True)}
    by_shape: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for key, told in tokens.items():
        by_shape[tuple(text if kind in _WORDS else kind for kind, text in told)].append(key)
    words: dict[int, str] = {}
    doubts: dict[str, None] = {}
    known = {id(run): run for run in runs}
    for shape, keys in by_shape.items():
        columns = list(zip(*(tokens[key] for key in keys), strict=True))
        numbers = [place for place, part in enumerate(shape) if part in ("number", "glued")]
        kept = _grids(columns, numbers, [labels[key] for key in keys], [known[key].seed for key in keys])
        for place, column in enumerate(columns):
            texts = [text for _, text in column]
            if shape[place] not in ("glued", "number") or place in kept:
                continue
            odd = not _in_a_row(texts, [known[key].seed for key in keys])
            named = place > 0 and _NAMED_WITH_NUMBERS.fullmatch(shape[place - 1])
            if not _counted(texts) if shape[place] == "glued" else odd and named:
                kept |= {place}
            elif shape[place] == "number" and odd:
                doubts[", ".join(sorted(set(texts), key=int))] = None
        for key in keys:
            shown = [(kind, text) for place, (kind, text) in enumerate(tokens[key]) if kind in _WORDS or place in kept]
            words[key] = _joined(shown)
    return Places(words, tuple(doubts))


def file_words(run: RunHeader, names: Iterable[str]) -> list[str]:
    """What the name of a run's file alone says beside names of its own, as `places_of`; empty where it is a folder."""
    path = PurePath(str(run.provenance.source or ""))
    tokens = _part(path.name, sorted(_names(names), key=len, reverse=True)) if path.suffix else []
    return [text for kind, text in tokens if kind in _WORDS]


def _joined(tokens: Iterable[_Token]) -> str:
    """Words with a space between them, a number at the word that it is part of; each once."""
    text, last = "", ""
    for kind, part in tokens:
        named = kind == "number" and _NAMED_WITH_NUMBERS.fullmatch(last)
        text += part if kind == "glued" or named or (kind == "end" and last.isdecimal()) else f" {part}"
        last = part
    return " ".join(dict.fromkeys(text.split()))


def _counted(numbers: Iterable[str]) -> bool:
    """Whether these are 0, 1, 2, … or 1, 2, 3, …."""
    found = {int(one) for one in numbers}
    return found in ({*range(len(found))}, {*range(1, len(found) + 1)})


def _in_a_row(numbers: Sequence[str], seeds: Sequence[int | None]) -> bool:
    """Whether these look like numbers of repetitions: seeds that logs tell, or a row from 0 or 1 with few gaps."""
    found = [int(one) for one in numbers]
    several = len(set(found)) > 1
    return not several or found == list(seeds) or (min(found) <= 1 and max(found) <= 2 * len(set(found)))


def _grids(
    columns: Sequence[Sequence[_Token]], places: Sequence[int], labels: Sequence[str], seeds: Sequence[int | None]
) -> set[int]:
    kept: set[int] = set()
    for label in set(labels):
        rows = [row for row, other in enumerate(labels) if other == label]
        own = [[column[row] for row in rows] for column in columns]
        kept |= _grid(own, places, [seeds[row] for row in rows])
    return kept


def _grid(columns: Sequence[Sequence[_Token]], places: Sequence[int], seeds: Sequence[int | None]) -> set[int]:
    """Places of numbers within each of which a later number, or the seed, runs over the same values."""
    table: list[Sequence[object]] = [[text for _, text in columns[place]] for place in places]
    if None not in seeds:
        table.append(seeds)
    kept: set[int] = set()
    for at, outer in enumerate(table[:-1]):
        inner = list(zip(*table[at + 1 :], strict=True))
        within: defaultdict[object, set[object]] = defaultdict(set)
        for one, rest in zip(outer, inner, strict=True):
            within[one].add(rest)
        several = [found for found in within.values() if len(found) > 1]
        if len(several) > 1 and len(several[0].intersection(*several[1:])) > 1:
            kept.add(places[at])
    return kept


def _tokens(runs: Sequence[RunHeader], own: Callable[[RunHeader], Iterable[str]]) -> list[list[_Token]]:
    paths = [PurePath(str(run.provenance.source or "")).parts for run in runs]
    shared = _shared_length(paths)
    found: list[list[list[_Token]]] = []
    files: defaultdict[object, set[tuple[_Token, ...]]] = defaultdict(set)
    for run, path in zip(runs, paths, strict=True):
        names = sorted(_names(own(run)), key=len, reverse=True)
        study = str(run.provenance.study or "")
        over = ("", *path)[shared:]
        parts = [
            _part(_named(*pair), names, of_study=pair[1] == study) for pair in zip(over, path[shared:], strict=False)
        ]
        parts += [_part(study, names, of_study=True)] if study and study not in path[shared:] else []
        parts += [[("word", str(told))]] if (told := run.provenance.extra.get("told_apart")) else []
        found.append(parts)
        if len(path) > shared:
            files[_format(run)].add(tuple(parts[len(path) - shared - 1]))
    for run, path, parts in zip(runs, paths, found, strict=True):
        # the name that a format gives all its files tells nothing
        if len(path) > shared and PurePath(path[-1]).suffix and len(files[_format(run)]) == 1:
            parts[len(path) - shared - 1] = []
    return [[token for part in parts for token in part] for parts in found]


def _named(parent: str, name: str) -> str:
    """A folder's or file's name; of a number in a folder that says of what, that before it: `openml/3`."""
    numbered = _NUMBERED.fullmatch(parent.lower()) if PurePath(name).stem.isdecimal() else None
    return f"{numbered[1]}-{name}" if numbered else name


def _format(run: RunHeader) -> object:
    return run.provenance.source_format


def _shared_length(paths: Sequence[tuple[str, ...]]) -> int:
    return next((k for k, some in enumerate(zip(*paths, strict=False)) if len(set(some)) > 1), min(map(len, paths)))


def label_names(run: RunHeader, label: str) -> set[str]:
    """What names the optimizer of a run, for `places_of`."""
    known = run.provenance
    told = known.extra.get("label_spelled")
    spelled = map(str, told) if is_list(told) else ()
    return {label, run.optimizer.name, *spelled, *filter(None, (known.source_format, known.library, known.label_from))}


def _names(told: Iterable[str]) -> set[str]:
    """Words that make up these names, in lower case."""
    spelled = [*told, *" ".join(told).split()]
    whole = {re.sub(r"[\W_]", "", _plain(one)) for one in spelled}
    return {word for word in (*whole, *re.findall(r"[^\W\d_]{2,}", _plain(" ".join(told)))) if word}


def _plain(text: str) -> str:
    """In lower case, with letters of any alphabet spelled in one way."""
    return unicodedata.normalize("NFKC", text).lower()


def _part(text: str, names: Iterable[str], *, of_study: bool = False) -> list[_Token]:
    """The tokens of one folder's, file's or study's name without what names the optimizer, dates and hashes."""
    text = _plain(_CAMEL.sub("_", unquote(text)))  # runs of one file have their names quoted
    if not of_study or re.fullmatch(_CONTAINER, text):  # a study called "study", too
        text = re.sub(_CONTAINER, " ", _FILE.sub(" ", text))
    text = _HASH.sub(" ", _DAY.sub(" ", text))
    for name in names:
        spelled = r"[^0-9a-z]*".join(map(re.escape, name))
        release = r"(?:[^0-9a-z]*v?[0-9]+(?:\.[0-9]+)+)?"
        text = re.sub(rf"(?<![a-z]){spelled}(?![a-z]){release}", " ", text)
    text = _DATE.sub(" ", text)
    tokens: list[_Token] = []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "glued":
            tokens.append(("glued", found[0]))
        elif kind == "number":
            tokens.append(("number", found[0]))
        elif kind != "seed" and found[0] not in _REPETITIONS:
            end = bool(tokens) and tokens[-1][0] == "glued" and text[found.start() - 1].isdecimal()
            tokens.append(("end" if end else "word", re.sub(r"[^\w.+#-]+", "", found[0]).replace("_", "")))
    return tokens
