"""One file of a log, changed under the guidance of coverage: it is converted or refused, and nothing else happens.

Run as `uv run --with 'atheris==2.3.0' python benchmarks/fuzz_atheris.py FILE [-max_total_time=600 …]` on Python 3.10 or
3.11, with FILE in a folder of one log, e.g. below `tests/logs`; what follows are libFuzzer's flags. An input that fails
is kept as `crash-…`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]

with atheris.instrument_imports(include=["encave"]):
    from encave.converters import one_log, registry, survey
    from encave.converters.reader import Options
    from encave.errors import EncaveError


def main() -> None:
    """Fuzz the file until libFuzzer ends."""
    file = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as temporary:
        copy, corpus = Path(temporary) / "log" / file.parent.name, Path(temporary) / "corpus"
        shutil.copytree(file.parent, copy)
        corpus.mkdir()
        shutil.copy(file, corpus)
        readers = registry.chosen(None)

        def once(data: bytes) -> None:
            (copy / file.name).write_bytes(data)
            try:
                for candidate in survey.find(copy.parent, readers):
                    one_log.read(candidate, Options())
            except EncaveError:
                pass  # refused with the reason, as it should be

        atheris.Setup([sys.argv[0], *sys.argv[2:], "-timeout=30", "-rss_limit_mb=4096", str(corpus)], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
