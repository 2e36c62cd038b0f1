"""Ten statistics of ten methods on fifty tasks: encave beside scikit-posthocs and baycomp, each in a fresh process.

    uv run --group peers python benchmarks/rank_tests.py [--repeats 5]

CPU seconds, the median of fresh processes: *import* from a bare interpreter to where the first statistic can be called,
*compute* the statistics themselves. Peers compute the part that they have: scikit-posthocs Friedman's ranks with
Nemenyi's test and Wilcoxon's with Holm's correction, baycomp the Bayesian test with as many draws for each pair.
Exit status 1 if encave computes for longer than 0.1 s or imports for longer than 2 s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

METHODS, TASKS, DRAWS = 10, 50, 2000
COMPUTE_BAR, IMPORT_BAR = 0.1, 2.0

COMMON = f"""
import json, time
import numpy as np
values = np.random.default_rng(0).normal(size=({TASKS}, {METHODS})) + 0.1 * np.arange({METHODS})
pairs = [(i, j) for i in range({METHODS}) for j in range(i)]
draws = {DRAWS}
start = time.process_time()
"""
END = """
computed = time.process_time()
print(json.dumps([imported - start, computed - imported]))
"""
SCRIPTS = {
    "encave: Friedman, Nemenyi, critical difference, Wilcoxon, Holm, Mann-Whitney, groups, A12, bootstrap, Bayes": """
import scipy.special
from encave.analysis import effects, statistics
imported = time.process_time()
omnibus = statistics.friedman(values)
p = statistics.nemenyi(omnibus.ranks, len(values))
statistics.critical_difference(values.shape[1], len(values))
statistics.cliques(p < 0.05)
statistics.holm([statistics.wilcoxon(values[:, i], values[:, j]) for i, j in pairs])
statistics.holm([statistics.mann_whitney(values[:, i], values[:, j]) for i, j in pairs])
for i, j in pairs:
    effects.a12(values[:, i], values[:, j])
    effects.paired_bootstrap(values[:, i], values[:, j])
gaps = np.stack([values[:, i] - values[:, j] for i, j in pairs], axis=1)
effects.bayesian_signed_rank(gaps, 0.1, samples=draws)
""",
    "scikit-posthocs: Nemenyi, Wilcoxon with Holm": """
import scikit_posthocs
imported = time.process_time()
scikit_posthocs.posthoc_nemenyi_friedman(values)
scikit_posthocs.posthoc_wilcoxon(list(values.T), p_adjust="holm")
""",
    "baycomp: Bayesian signed-rank": """
import baycomp
imported = time.process_time()
for i, j in pairs:
    baycomp.two_on_multiple(values[:, i], values[:, j], 0.1, nsamples=draws)
""",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print("| what | import s | compute s | compute, times encave's |\n|---|---|---|---|")
    ours: tuple[float, float] | None = None
    for name, script in SCRIPTS.items():
        runs = [_run(COMMON + script + END) for _ in range(repeats)]
        imported, computed = (statistics.median(column) for column in zip(*runs, strict=True))
        ours = ours or (imported, computed)
        print(f"| {name} | {imported:.2f} | {computed:.3f} | {computed / ours[1]:.1f} |")
    assert ours is not None
    sys.exit(1 if ours[0] > IMPORT_BAR or ours[1] > COMPUTE_BAR else 0)


def _run(script: str) -> list[float]:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
