"""Opening and asking the table, beside the official API and pandas in one run; and importing a large archive.

    python benchmarks/table.py TABLE.parquet [SAMPLES] [--archive ARCHITECTURES]

TABLE is a Parquet table of all architectures, SAMPLES the official folder NATS-tss-v1_0-3ffb9-simple (whole or in part;
`pip install nats_bench` to compare). Exit status 1 if a bar is missed. `--archive` writes that many made-up
architectures as one legacy `torch.save` file, as NAS-Bench-201-v1_1-096897.pth is (there 15,625 take 4.7 GB), imports
it and prints the peak of memory.
"""

from __future__ import annotations

import argparse
import os
import pickle
import pickletools
import struct
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

BARS = {"open": 5e-3, "open by path": 5e-3, "query by index": 2e-6, "query by string": 5e-6, "query all": 5e-3}
"""What is measured → seconds that it may take."""


def main() -> int:
    """Measure what the command line asks for; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("samples", type=Path, nargs="?")
    parser.add_argument("--archive", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        good = queries(arguments.table)
        if arguments.samples is not None:
            official(arguments.samples)
        if arguments.archive:
            archive(arguments.archive, Path(folder))
    return 0 if good else 1


def queries(path: Path) -> bool:
    """Opening and asking, beside pandas; whether every bar is met."""
    import pandas as pd

    from encave.runners.benchmarks.nasbench201.architectures import official_strings
    from encave.runners.benchmarks.nasbench201.cache import import_benchmark, open_benchmark
    from encave.runners.benchmarks.nasbench201.table import open_table

    import_benchmark(path, "table")
    benchmark, frame, text = open_benchmark("table"), pd.read_parquet(path), official_strings()[77]
    every, by_string = np.arange(len(frame)), frame.set_index("arch_str")
    ours, theirs = "c10valid_valid_acc_200_mean", "c10_test_acc_200_mean"
    benchmark.at(text, "cifar10")
    rows: list[tuple[str, Callable[[], Any], str, Callable[[], Any]]] = [
        ("open", lambda: open_benchmark("table"), "pandas.read_parquet", lambda: pd.read_parquet(path)),
        ("open by path", lambda: open_benchmark(path), "pandas.read_parquet", lambda: pd.read_parquet(path)),
        ("open by path, first time", lambda: open_table(path), "pandas.read_parquet", lambda: pd.read_parquet(path)),
        ("query by index", lambda: benchmark.at(77, "cifar10"), "iloc", lambda: frame.iloc[77][[ours, theirs]]),
        ("query by string", lambda: benchmark.at(text, "cifar10"), "loc", lambda: by_string.loc[text, [ours, theirs]]),
        ("query all", lambda: benchmark.query(every, "cifar10"), "two columns", frame[[ours, theirs]].copy),
    ]
    good = True
    for what, mine, peer, other in rows:
        first, second, bar = seconds(mine), seconds(other), BARS.get(what, float("inf"))
        allowed = f" (bar {1e6 * bar:,.0f})" if what in BARS else ""
        good &= first <= bar
        print(f"{what}: {1e6 * first:,.1f} µs{allowed}; {peer} {1e6 * second:,.1f} µs, {second / first:,.1f} times")
    return good


def official(samples: Path) -> None:
    """The same query through nats_bench, one architecture per file in its fast mode."""
    from encave.runners.benchmarks.nasbench201.cache import import_benchmark, open_benchmark

    try:
        from nats_bench import create  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        print(f"nats_bench is not installed ({error}); left out")
        return
    import_benchmark(samples, "samples")
    benchmark, api = open_benchmark("samples"), create(str(samples), "tss", fast_mode=True, verbose=False)
    index = int(np.flatnonzero(np.isfinite(benchmark.task("cifar10").valid_accuracy_200))[0])
    asked: dict[str, Any] = {"hp": "200", "is_random": False}
    accuracy = api.get_more_info(index, "cifar10-valid", **asked)["valid-accuracy"]
    assert abs(100 - benchmark.at(index, "cifar10").valid_error - accuracy) < 1e-9
    first = seconds(lambda: benchmark.at(index, "cifar10"))
    second = seconds(lambda: api.get_more_info(index, "cifar10-valid", **asked))
    opening, creating = (
        seconds(lambda: open_benchmark("samples")),
        seconds(lambda: create(str(samples), "tss", fast_mode=True, verbose=False)),
    )
    print(f"query: {1e6 * first:,.1f} µs; nats_bench {1e6 * second:,.1f} µs, {second / first:,.0f} times")
    print(f"open: {1e3 * opening:,.2f} ms; nats_bench, nothing read yet, {1e3 * creating:,.0f} ms", flush=True)


def archive(count: int, folder: Path) -> None:
    """Import a large file in a process of its own."""
    path = folder / "made-up.pth"
    _write(path, count)
    program = (
        "import resource, sys, time; from pathlib import Path\n"
        "from encave.runners.benchmarks.nasbench201.cache import import_benchmark\n"
        "start = time.perf_counter(); found = import_benchmark(Path(sys.argv[1]), 'large')\n"
        "print(found.architectures, time.perf_counter() - start,"
        " resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)
    architectures, taken, peak = (float(one) for one in done.stdout.split())
    size = path.stat().st_size / 2**20
    print(f"import of {architectures:,.0f} architectures, {size:,.0f} MiB: {taken:,.0f} s, peak {peak:,.0f} MiB")


def _write(path: Path, count: int) -> None:
    """One pickle that remembers every string and container in its memo, as the official one does."""
    from encave.runners.benchmarks.nasbench201.architectures import official_strings

    strings = official_strings()
    with path.open("wb") as stream:
        for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
            pickle.dump(part, stream, protocol=2)
        writer = _Writer(stream)
        writer.write(b"\x80\x04}(")
        writer.text("meta_archs")
        writer.write(b"](")
        for one in strings:
            writer.text(one)
        writer.write(b"e")
        writer.text("arch2infos")
        writer.write(b"}(")
        less, full = (_Template(_results(seeds, epochs)) for seeds, epochs in (((777,), 12), ((777, 888, 999), 200)))
        for index in range(count):
            writer.write(b"J" + struct.pack("<i", index) + b"}(")
            for name, template in (("less", less), ("full", full)):
                writer.text(name)
                writer.write(b"}(")
                writer.text("arch_index")
                writer.write(b"J" + struct.pack("<i", index))
                writer.text("arch_str")
                writer.text(strings[index])
                writer.text("all_results")
                writer.template(template)
                writer.write(b"u")
            writer.write(b"u")
        writer.write(b"uu.")
        pickle.dump([], stream, protocol=2)


class _Writer:
    """Writes instructions and knows how many places of the memo are taken."""

    def __init__(self, stream: BinaryIO) -> None:
        self.write = stream.write
        self._places = 0

    def text(self, value: str) -> None:
        self.write(b"\x8c" + bytes([len(value)]) + value.encode() + pickle.MEMOIZE)
        self._places += 1

    def template(self, template: _Template) -> None:
        for piece, place in template.pieces:
            self.write(piece if place is None else pickle.LONG_BINGET + struct.pack("<I", self._places + place))
        self._places += template.places


class _Template:
    """The instructions that build a value, to be written again and again: pieces, and places of the memo between."""

    def __init__(self, value: Any) -> None:
        data = pickle.dumps(value, protocol=4)
        operations = [(name.name, argument, at) for name, argument, at in pickletools.genops(data)]
        self.pieces: list[tuple[bytes, int | None]] = []
        self.places = 0
        piece = b""
        for (name, argument, start), (_, _, end) in pairwise(operations):
            if name in ("BINGET", "LONG_BINGET"):
                self.pieces += [(piece, None), (b"", int(argument or 0))]
                piece = b""
            elif name not in ("PROTO", "FRAME"):
                piece += data[start:end]
                self.places += name == "MEMOIZE"
        self.pieces.append((piece, None))


def _results(seeds: tuple[int, ...], epochs: int) -> dict[tuple[str, int], Any]:
    """Made-up runs with the keys of the official ones."""
    splits = {
        "cifar10-valid": ("x-valid", "ori-test"),
        "cifar10": ("ori-test",),
        "cifar100": ("ori-test", "x-valid", "x-test"),
        "ImageNet16-120": ("ori-test", "x-valid", "x-test"),
    }

    def run(dataset: str, seed: int) -> dict[str, Any]:
        keys = [f"{split}@{epoch}" for split in splits[dataset] for epoch in range(epochs)]
        known = [key for key in keys if key.startswith(splits[dataset][0]) or key.endswith(f"@{epochs - 1}")]
        curves = {name: {e: 50.0 + e / 9 for e in range(epochs)} for name in ("train_acc1es", "train_losses")}
        return {
            **{"name": dataset, "seed": seed, "epochs": epochs, "latency": [0.016], "params": 0.1, "flop": 8.0},
            **curves,
            "train_times": dict.fromkeys(range(epochs), 9.0),
            "eval_acc1es": {f"{key}": 60.0 for key in known},
            "eval_losses": {f"{key}": 1.5 for key in known},
            "eval_times": {f"{key}": 2.5 for key in keys},
        }

    return {(dataset, seed): run(dataset, seed) for dataset in splits for seed in seeds}


def seconds(call: Callable[[], Any]) -> float:
    """Least of five means of one call, seconds."""
    timer = timeit.Timer(call)
    number, _ = timer.autorange()
    return min(timer.repeat(5, max(1, number // 4))) / max(1, number // 4)


if __name__ == "__main__":
    sys.exit(main())
