"""Published results of searches on NAS-Bench-201: the figures and the protocols that `reproduce` runs again.

Means and standard deviations are over runs; the standard deviation is that of the runs themselves (division by n).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import EncaveError
from ..benchmarks.nasbench201.task import DATASETS

BARS: Mapping[str, float] = {"cifar10": 0.1, "cifar100": 0.15, "ImageNet16-120": 0.15}
"""How far a mean accuracy may be from the published one, percentage points."""


@dataclass(frozen=True)
class Published:
    """One published figure."""

    optimizer: str
    """Its name in the publication."""

    adapter: str
    """The optimizer here, one of `adapter.ADAPTERS`; empty where the figure is of the table itself."""

    dataset: str
    """Dataset that the figure is of."""

    quantity: str
    """What is measured, in percent."""

    mean: float | None
    """Mean over runs, percent; None where no number was published, and what is measured stands alone."""

    std: float | None
    """Standard deviation over runs, percentage points; None where none was published."""

    bar: float | None
    """Largest difference of means that counts as reproduced, percentage points; None: for information only."""

    runs: int | None = None
    """Runs behind it, where they are not as many as behind the publication's other figures."""

    counted: bool = True
    """Whether it decides if the publication is reproduced."""


@dataclass(frozen=True)
class Publication:
    """Published figures that one protocol leads to."""

    name: str
    """By which `encave reproduce` knows it."""

    source: str
    """Where the figures stand."""

    protocol: str
    """How a run goes and what is reported of it."""

    runs: int
    """Runs behind each published figure."""

    default_runs: int
    """Runs that `reproduce` makes if not told otherwise."""

    figures: tuple[Published, ...]
    """The figures."""

    notes: tuple[str, ...]
    """What differs here from the published protocol."""


VALID, TEST = "validation accuracy", "test accuracy"


def trajectory_quantity(evaluations: int) -> str:
    """What the published trajectory of DEHB holds after so many evaluations."""
    return f"validation error after {evaluations} evaluations"


_Row = tuple[str, str, str, tuple[float, float], tuple[float, float]]


def _accuracies(rows: tuple[_Row, ...]) -> tuple[Published, ...]:
    """Two figures per row of optimizer, adapter, dataset, validation and test accuracy."""
    return tuple(
        Published(optimizer, adapter, dataset, quantity, *figure, BARS[dataset])
        for optimizer, adapter, dataset, valid, test in rows
        for quantity, figure in ((VALID, valid), (TEST, test))
    )


_ONE_DRAW = (
    "The published searches were rewarded with the 12-epoch accuracy of one training seed drawn at random; so are "
    "these. A table that has no single seeds holds the mean of two on cifar10: they are modelled, with the scatter "
    "between cells of the same function that were trained separately. --reward mean rewards with the mean instead."
)
_RECALLED = "The published figures were written down from memory; check them against the paper before you quote them."

NATS_BENCH = Publication(
    name="nats-bench",
    source="NATS-Bench (Dong, Liu, Musial & Gabrys, IEEE TPAMI 2021), table 4, topology search space",
    protocol=(
        "Search on each dataset for 20,000, 40,000 and 120,000 simulated seconds; reward: validation accuracy after "
        "the 12-epoch schedule; reported: accuracy of the incumbent after 200 epochs, mean over seeds, interpolated "
        "between the two evaluations whose ends are nearest to the budget, of those up to the one that passes it."
    ),
    runs=500,
    default_runs=500,
    figures=_accuracies(
        (
            ("RANDOM", "random", "cifar10", (91.07, 0.26), (93.86, 0.23)),
            ("REA", "re", "cifar10", (91.25, 0.31), (94.02, 0.31)),
            ("RANDOM", "random", "cifar100", (71.46, 0.97), (71.55, 0.97)),
            ("REA", "re", "cifar100", (72.28, 0.95), (72.23, 0.84)),
            ("RANDOM", "random", "ImageNet16-120", (45.03, 0.91), (45.28, 0.97)),
            ("REA", "re", "ImageNet16-120", (45.71, 0.77), (45.77, 0.80)),
        )
    ),
    notes=(_ONE_DRAW, _RECALLED),
)

NAS_BENCH_201 = Publication(
    name="nas-bench-201",
    source="NAS-Bench-201 (Dong & Yang, ICLR 2020), table of search results",
    protocol=(
        "Search on cifar10 for 12,000 simulated seconds; reward: validation accuracy after the 12-epoch schedule; "
        "reported: accuracies on all three datasets after 200 epochs, mean over seeds, of the incumbent among the "
        "evaluations that end within the budget."
    ),
    runs=500,
    default_runs=5000,
    figures=_accuracies(
        (
            ("RS", "random", "cifar10", (90.93, 0.36), (93.70, 0.36)),
            ("RS", "random", "cifar100", (70.93, 1.09), (71.04, 1.07)),
            ("RS", "random", "ImageNet16-120", (44.45, 1.10), (44.57, 1.25)),
            ("REA", "re+sample=10", "cifar10", (91.19, 0.31), (93.92, 0.30)),
            ("REA", "re+sample=10", "cifar100", (71.81, 1.12), (71.84, 0.99)),
            ("REA", "re+sample=10", "ImageNet16-120", (45.15, 0.89), (45.54, 1.03)),
        )
    ),
    notes=(
        _ONE_DRAW,
        "A published mean of 500 runs has a standard error of 0.05 on cifar100 and ImageNet16-120, a third of the bar; "
        "the default of 5,000 runs adds little to it.",
        "The paper used an older archive of the benchmark, with one to three seeds per architecture; the table is of "
        "NATS-Bench, with two or three seeds and training times of its own definition.",
        "REA draws 10 members of its 10 as candidates for a parent: of 3, 5 and 10 the paper's appendix chose 10 (from "
        "memory as well; the authors' script takes the number as an argument). NATS-Bench draws 3.",
        _RECALLED,
    ),
)

TRAJECTORY = (60, 120, 180, 240, 300)
"""Numbers of evaluations that DEHB's trajectory is given at."""

TRAJECTORIES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "0.1.2": ((9.662, 0.792), (9.306, 0.553), (9.034, 0.429), (8.923, 0.508), (8.539, 0.080)),
    "0.1.1": ((9.467, 0.236), (9.097, 0.391), (8.714, 0.207), (8.705, 0.209), (8.619, 0.155)),
    "0.1.0": ((9.781, 0.377), (9.333, 0.190), (8.980, 0.138), (8.844, 0.210), (8.721, 0.253)),
    "0.0.x": ((9.533, 0.686), (9.049, 0.177), (8.959, 0.051), (8.802, 0.133), (8.713, 0.084)),
}
"""Release of DEHB → mean and standard deviation of five runs' lowest validation error by then, percent.

The runs of the releases 0.0.1 to 0.0.7 are the same.
"""


def pooled(groups: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean and standard deviation (division by n) of groups of equal size together, from those of each."""
    mean = sum(one for one, _ in groups) / len(groups)
    return mean, (sum(std**2 + (one - mean) ** 2 for one, std in groups) / len(groups)) ** 0.5


def _trajectory(label: str, groups: Sequence[tuple[float, float]], runs: int, *, counted: bool) -> list[Published]:
    """One figure for each of `TRAJECTORY`; the last, the final one, has its standard deviation as the bar."""
    return [
        Published(label, "dehb", "cifar10", trajectory_quantity(count), *group, bar, runs, counted)
        for count, group in zip(TRAJECTORY, groups, strict=True)
        for bar in (group[1] if count == TRAJECTORY[-1] else None,)
    ]


DEHB = Publication(
    name="dehb",
    source="DEHB's repository, benchmarking/results (commit e277f36), benchmark nasbench201",
    protocol=(
        "300 evaluations on cifar10, budgets of 12 to 200 epochs, eta 3, one worker; reported: lowest validation error "
        "so far, at any budget. HPOBench, Cifar10ValidNasBench201BenchmarkOriginal, made the published figures."
    ),
    runs=5,
    default_runs=1000,
    figures=(
        *_trajectory("DEHB 0.1.2", TRAJECTORIES["0.1.2"], 5, counted=False),
        *(
            _trajectory(f"DEHB {name}", TRAJECTORIES[name], 5, counted=False)[-1]
            for name in ("0.1.1", "0.1.0", "0.0.x")
        ),
        *_trajectory(
            "DEHB, all four",
            [pooled(groups) for groups in zip(*TRAJECTORIES.values(), strict=True)],
            20,
            counted=True,
        ),
    ),
    notes=(
        "Measured is release 0.1.2, the one that encave runs. What counts is the mean of all twenty published runs, "
        "with their standard deviation as the bar. Rows of one release of five runs are not counted: all releases run "
        "the same algorithm by the same protocol, yet no mean is within the bars of all four (0.0.x asks for at least "
        "8.629, 0.1.2 for at most 8.619). The default is 1,000 runs, so that chance adds little to the measured mean.",
        "Errors after 200 epochs are measured; those after 22 and 66 epochs are, too, if the table was imported with "
        "learning curves, otherwise they are modelled (docs/surrogate.md). HPOBench averages three seeds of an older "
        "archive and fills in missing ones.",
    ),
)

MOMENTS = (100_000, 1_000_000, 10_000_000)
"""Simulated seconds at which the comparison of DEHB's paper is read off here; a run ends at the last one of its own."""

OPTIMUM = "validation error, best architecture"
"""What the regrets of DEHB's paper are counted from."""


def regret_quantity(seconds: int) -> str:
    """Regret by a moment, as the scripts of DEHB's paper count it."""
    return f"validation regret by {seconds:,} s"


_COMPARED = (
    ("RS", "random", MOMENTS),
    ("HB", "hyperband", MOMENTS[:2]),
    ("TPE", "tpe", MOMENTS[:2]),
    ("SMAC", "smac", MOMENTS[:2]),
    ("RE", "re+population=100+sample=10", MOMENTS),
    ("DEHB", "dehb", MOMENTS),
)
"""Name in the paper, optimizer here, and its moments: those that model what they have seen take minutes to hours for
the thousands of trainings of the last. DE is not in encave, and BOHB is another implementation that is an extra."""


def moments_of(adapter: str) -> tuple[int, ...]:
    """At which of `MOMENTS` an optimizer is read off, ascending."""
    return next(own for _, name, own in _COMPARED if name == adapter)


_ZEROS = (("cifar10", 8.393333349609367), ("cifar100", 26.506666642252596), ("ImageNet16-120", 53.26666672770182))
"""Dataset and least validation error after 200 epochs, percent: `y_star_valid` in `preplot_201.py`."""

DEHB_PAPER = Publication(
    name="dehb-paper",
    source="DEHB's paper (Awad, Mallik & Hutter, IJCAI 2021) by the scripts in its repository, branch experiments "
    "(commit 90a25c6), dehb/examples/nas201",
    protocol=(
        "All optimizers train for 200 epochs, those that choose budgets for 22, 67 and 200 (eta 3). Reward: validation "
        "accuracy of one training seed at random. Reported: lowest error told by then, at any budget, less the error "
        "of the best architecture, mean over seeds. One worker, the paper's 10,000,000 simulated seconds for RS, RE "
        "and DEHB, a tenth of them for HB, TPE and SMAC, whose runs would take minutes to hours."
    ),
    runs=50,
    default_runs=10,
    figures=(
        *(Published("best of the table", "", dataset, OPTIMUM, zero, None, 0.005) for dataset, zero in _ZEROS),
        *(
            Published(name, adapter, dataset, regret_quantity(seconds), None, None, None)
            for dataset in DATASETS
            for seconds in MOMENTS
            for name, adapter, moments in _COMPARED
            if seconds in moments
        ),
    ),
    notes=(
        "DEHB's repository has the scripts and the zero of the regrets, but no number of what the optimizers reached: "
        "the measured regrets stand beside nothing, and only the zero counts. What it publishes of DEHB alone, by "
        "another protocol, is `encave reproduce dehb`.",
        "A regret can be below zero: the error of a lucky training seed is compared with a mean. The paper's plots "
        "shift all regrets of a dataset by one constant, to the best that any run was told. --reward mean rewards with "
        "the mean, and no regret is below zero.",
        "The archive's own clock adds a validation after every epoch, this one a single validation, so the same "
        "seconds buy more trainings here. TPE is Optuna's and not hyperopt's, SMAC 2.4 and not 0.13; DE and BOHB of "
        "HpBandSter are not here. Errors after 22 and 67 epochs are modelled (docs/surrogate.md) unless the table "
        "was imported with learning curves.",
    ),
)

PUBLICATIONS: Mapping[str, Publication] = {each.name: each for each in (NATS_BENCH, NAS_BENCH_201, DEHB, DEHB_PAPER)}
"""Name → publication."""

SECONDS: Mapping[str, Mapping[str, float]] = {
    NATS_BENCH.name: dict(zip(DATASETS, (20_000.0, 40_000.0, 120_000.0), strict=True)),
    NAS_BENCH_201.name: {"cifar10": 12_000.0},
    DEHB_PAPER.name: dict.fromkeys(DATASETS, float(MOMENTS[-1])),
}
"""Publication → dataset that is searched on → simulated seconds, at most."""


def publication(name: str) -> Publication:
    """The publication of this name.

    Raises:
        EncaveError: there is none.
    """
    if name not in PUBLICATIONS:
        raise EncaveError(f"nothing published is known as {name!r}; there are {', '.join(PUBLICATIONS)}")
    return PUBLICATIONS[name]
