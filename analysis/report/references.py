"""What a report cites: `[@key]` in its prose stands for an entry of `references.bib`, and only those are listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("references.bib")
_MARK = re.compile(r"\[(@[a-z0-9]+(?:; @[a-z0-9]+)*)\]")
_ACCENTS = {r"{\"a}": "ä", r"{\'e}": "é", r"{\'a}": "á", r"{\v{s}}": "š", r"\&": "&", r"{\o}": "ø"}

OPTIMIZERS = {
    "dehb": "awad2021dehb", "smac": "lindauer2022smac", "smac3": "lindauer2022smac", "re": "real2019regularized",
    "regularized evolution": "real2019regularized", "rea": "real2019regularized", "aging evolution":
    "real2019regularized", "random": "bergstra2012random", "random search": "bergstra2012random", "rs":
    "bergstra2012random", "bohb": "falkner2018bohb", "hyperband": "li2018hyperband", "asha": "li2020asha", "tpe":
    "bergstra2011tpe", "optuna": "akiba2019optuna", "nsga-ii": "deb2002nsga", "nsga2": "deb2002nsga",
}  # fmt: skip
"""Name of an optimizer in lower case → its paper."""
BENCHMARKS = {"nas-bench-201": "dong2020nasbench"}
"""Name of a benchmark in lower case → its paper."""


@dataclass(frozen=True)
class Reference:
    """One entry."""

    key: str
    """By which it is cited."""
    short: str
    """`Demšar, 2006`."""
    text: str
    """Authors, title, where and when, as the page lists it."""
    bibtex: str
    """The entry as it stands in the file."""


@lru_cache(maxsize=1)
def _entries() -> dict[str, Reference]:
    parts = [part.strip() for part in re.split(r"\n(?=@)", _FILE.read_text(encoding="utf-8"))]
    return {reference.key: reference for reference in map(_parsed, parts)}


def _parsed(bibtex: str) -> Reference:
    key = bibtex[bibtex.index("{") + 1 : bibtex.index(",")]
    fields = dict(re.findall(r"^  (\w+) = \{(.*?)\},?$", bibtex, re.MULTILINE))
    fields = {name: _unicode(value) for name, value in fields.items()}
    names = [name.split(",")[0] for name in fields["author"].split(" and ")]
    who = names[0] if len(names) == 1 else f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} et al."
    venue = next(fields[name] for name in ("journal", "booktitle", "school", "publisher") if name in fields)
    volume = f" {fields['volume']}" if "volume" in fields else ""
    authors = fields["author"].replace(" and others", " et al.").replace(" and ", "; ")
    text = f"{authors.removesuffix('.')}. {fields['title']}. {venue}{volume}, {fields['year']}."
    return Reference(key, f"{who}, {fields['year']}", text, bibtex)


def _unicode(text: str) -> str:
    for accent, letter in _ACCENTS.items():
        text = text.replace(accent, letter)
    return text.replace("{", "").replace("}", "")


def cite(*keys: str) -> str:
    """The mark that cites entries in prose, with a space before it."""
    return f" [{'; '.join(f'@{key}' for key in keys)}]"


def of_name(name: str, known: dict[str, str]) -> str:
    """The mark for an optimizer or a benchmark of this name; empty where its paper is not known."""
    key = known.get(name.lower())
    return cite(key) if key else ""


def used(texts: Iterable[str]) -> list[Reference]:
    """The entries that texts cite, by author and year."""
    found = {one.key: one for text in texts for piece in _pieces(text) if not isinstance(piece, str) for one in piece}
    return sorted(found.values(), key=lambda reference: (reference.short, reference.key))


def render(text: str, plain: Callable[[str], str], cited: Callable[[list[Reference]], str]) -> str:
    """The text with what is between citations through `plain` and each group of citations through `cited`."""
    return "".join(plain(piece) if isinstance(piece, str) else cited(piece) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str | list[Reference]]:
    entries = _entries()
    for place, piece in enumerate(_MARK.split(text)):
        keys = [key.lstrip("@") for key in piece.split("; ")]
        if place % 2 == 0:
            yield piece
        elif all(key in entries for key in keys):
            yield [entries[key] for key in keys]
        else:  # a name that happens to look like a citation
            yield f"[{piece}]"
