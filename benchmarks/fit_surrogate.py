"""Fit the embedded surrogate of NAS-Bench-201 and write `runners/benchmarks/nasbench201/surrogate.npz`.

Run as `python benchmarks/fit_surrogate.py TABLE_FOLDER [--out FILE]`; deterministic, about a minute. The folder holds
`nb201.parquet` (the table), `lc_c10valid_200ep_first200.parquet` (full curves), `lc_points_s888.parquet` (points of
curves) and `nats_tss_3archs_full_curves.parquet`; `docs/surrogate.md` describes the method. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encave.files.atomic import atomic_file
from encave.run.types import Floats
from encave.runners.benchmarks.nasbench201 import curves, surrogate
from encave.runners.benchmarks.nasbench201.task import DATASETS

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.neural_network import MLPRegressor

Arrays = dict[str, NDArray[np.generic]]

# Columns of the table, per dataset in the order of `surrogate.QUANTITIES`.
ACCURACIES = (
    "c10valid_valid_acc_12_mean",
    "c10_test_acc_12_s111",
    "c10valid_valid_acc_200_mean",
    "c10_test_acc_200_mean",
    "c100_valid_acc_12_s111",
    "c100_test_acc_12_s111",
    "c100_valid_acc_200_mean_derived",
    "c100_test_acc_200_mean",
    "im_valid_acc_12_s111",
    "im_test_acc_12_s111",
    "im_valid_acc_200_mean_derived",
    "im_test_acc_200_mean",
)
SEEDED = ("c10valid_valid_acc_200", "c100_valtest_acc_200", "im_valtest_acc_200")

HIDDEN_UNITS = 28
ITERATIONS = 3000
EFFECTS = 900
TOP_CLASSES = 50
SCALE_KNOTS = 33
RANK_WEIGHT = 0.7
NOISE_BINS = 20

CURVE_EPOCHS = (
    *(1, 2, 3, 5, 8, 12, 17, 22, 35, 50, 67, 85, 100, 115, 130, 140),
    *(150, 160, 165, 170, 175, 180, 185, 190, 195, 199),
)
SETTLED = 190
"""From this epoch on the curves of cifar10 only tremble: what is fitted here holds to the end."""

ANCHORS = (3, 8, 23, 67)
"""Epochs for which thousands of single points are known for every dataset."""

CURVE_RIDGE = 1e-5
RANK_CORRELATIONS = {1: 0.414, 5: 0.677, 12: 0.786, 22: 0.831, 50: 0.872, 100: 0.902, 150: 0.980, 180: 0.998}
"""Spearman correlation with the final accuracy of the 200 measured curves of cifar10, per epoch."""


def main() -> None:
    """Fit all parts and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="TABLE_FOLDER")
    parser.add_argument("--out", type=Path, default=Path(surrogate.__file__).with_name("surrogate.npz"))
    parser.add_argument("--held-out", action="store_true", help="print how it does on classes left out")
    arguments = parser.parse_args()
    import pandas as pd

    table = pd.read_parquet(arguments.folder / "nb201.parquet").sort_values("arch_index")
    if arguments.held_out:
        print_held_out(table[list(ACCURACIES)].to_numpy())
        return
    model = fit_accuracies(table[list(ACCURACIES)].to_numpy())
    model |= fit_time(table["train_time_per_epoch_s_c10valid"].to_numpy())
    model |= fit_noise(table)
    model |= fit_curves(arguments.folder, table)
    with atomic_file(arguments.out) as path, path.open("wb") as stream:
        np.savez_compressed(stream, **model)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1000:.0f} kB")


def fit_accuracies(table: Floats) -> Arrays:
    """The network, the scales and the corrections, from accuracies of shape (15625, 12)."""
    scales = [fit_scale(column) for column in table.T]
    scores = np.stack([np.interp(column, y, s) for column, (y, s) in zip(table.T, scales, strict=True)], axis=1)
    wanted = _class_means(scores)
    network = fit_network(wanted, np.ones(len(wanted), dtype=bool))
    model: Arrays = {
        "hidden_weight": network.coefs_[0].astype(np.float32),
        "hidden_bias": network.intercepts_[0].astype(np.float32),
        "output_weight": network.coefs_[1].astype(np.float32),
        "output_bias": network.intercepts_[1].astype(np.float32),
        "knot_accuracy": np.stack([y for y, _ in scales]).astype(np.float32),
        "knot_score": np.stack([s for _, s in scales]).astype(np.float32),
    }
    return model | fit_effects(model, wanted, _class_means(table))


def fit_network(wanted: Floats, rows: NDArray[np.bool_]) -> MLPRegressor:
    """A network from the features of those function classes to their scores, shape (classes, 12)."""
    from sklearn.neural_network import MLPRegressor

    sizes = np.bincount(surrogate.function_classes())
    network = MLPRegressor(
        hidden_layer_sizes=(HIDDEN_UNITS,), activation="tanh", solver="lbfgs", alpha=1e-4, max_iter=ITERATIONS,
        max_fun=2 * ITERATIONS, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it stops at the limit of iterations, on purpose
        weights = np.minimum(sizes, 5).astype(float)
        network.fit(surrogate.class_features()[rows], wanted[rows], sample_weight=weights[rows])
    return network


def print_held_out(table: Floats) -> None:
    """Kendall's tau, per accuracy, on the cells of a random fifth of the classes that the network was not fitted to."""
    from scipy.stats import kendalltau

    scales = [fit_scale(column) for column in table.T]
    scores = np.stack([np.interp(column, y, s) for column, (y, s) in zip(table.T, scales, strict=True)], axis=1)
    wanted = _class_means(scores)
    left_out = np.random.default_rng(0).permutation(len(wanted)) < len(wanted) // 5
    predicted = fit_network(wanted, ~left_out).predict(surrogate.class_features())[surrogate.function_classes()]
    cells = left_out[surrogate.function_classes()]
    for name, told, measured in zip(ACCURACIES, predicted[cells].T, table[cells].T, strict=True):
        print(f"{name}: tau {kendalltau(told, measured).statistic:.4f}")


def fit_scale(accuracy: Floats) -> tuple[Floats, Floats]:
    """Knots (accuracy, score) of a monotone scale: part standardised accuracy, part rank.

    Most architectures crowd within a few points of accuracy; the ranks open that region up.
    """
    ordered = np.sort(accuracy)
    inner = np.quantile(ordered, np.linspace(0, 1, SCALE_KNOTS - 2))
    inner += np.arange(len(inner)) * 1e-4  # ties at chance level
    ranks = (np.searchsorted(ordered, inner, "left") + np.searchsorted(ordered, inner, "right")) / (2 * len(ordered))
    standard = (inner - accuracy.mean()) / accuracy.std()
    score = (1 - RANK_WEIGHT) * standard + RANK_WEIGHT * np.sqrt(12.0) * (ranks - 0.5)
    ends = np.array([-20.0, 20.0])
    return (
        np.concatenate([inner[:1] + ends[:1], inner, inner[-1:] + ends[1:]]),
        np.concatenate([score[:1] + ends[:1] / accuracy.std(), score, score[-1:] + ends[1:] / accuracy.std()]),
    )


def fit_effects(model: Arrays, wanted: Floats, accuracies: Floats) -> Arrays:
    """For each accuracy, corrections of the classes at the top and of those with the largest error.

    Args:
        model: the network and the scales.
        wanted: mean score of each class, shape (4930, 12).
        accuracies: mean accuracy of each class, percent, same shape.
    """
    scores = surrogate.network_scores(model)
    residuals = wanted - scores
    scales = zip(scores.T, model["knot_score"], model["knot_accuracy"], strict=True)
    predicted = np.stack([np.interp(column, s, y) for column, s, y in scales], axis=1)
    sizes = np.bincount(surrogate.function_classes())[:, None]
    weight = np.sqrt(sizes) * (np.abs(residuals) + np.abs(accuracies - predicted) / accuracies.std(axis=0))
    places = np.minimum(
        *(np.argsort(np.argsort(-values, axis=0, kind="stable"), axis=0) for values in (wanted, scores))
    )
    weight = np.where(places < TOP_CLASSES, np.inf, weight)
    chosen = np.sort(np.argsort(-weight, axis=0, kind="stable")[:EFFECTS], axis=0)
    return {
        "effect_class": chosen.T.astype(np.uint16),
        "effect": np.take_along_axis(residuals, chosen, 0).T.astype(np.float16),
    }


def fit_time(seconds: Floats) -> Arrays:
    """Regression of the training time per epoch; a little ridge makes the one-hot regressors independent."""
    design = np.zeros((len(seconds), surrogate.TIME_COEFFICIENTS + 1))
    design[:, 0] = 1.0
    for places in surrogate.time_places():
        design[np.arange(len(seconds)), places] = 1.0
    design = design[:, :-1]  # the last column stands for `none`, the reference
    coefficients = np.linalg.solve(design.T @ design + 1e-6 * np.eye(design.shape[1]), design.T @ seconds)
    return {"time_coefficients": coefficients.astype(np.float32)}


def fit_noise(table: pd.DataFrame) -> Arrays:
    """Deviation between seeds as a function of the accuracy, from the seeds 777 and 888, which all architectures have.

    Per bin of accuracy: median |difference| / (0.6745 √2), the normal deviation that gives this median. The bins of
    cifar100 and ImageNet16-120 use valid and test images together, the only single-seed accuracy there is.
    """
    knots, deviations = [], []
    for place, name in enumerate(SEEDED):
        accuracy = table[ACCURACIES[4 * place + 2]].to_numpy()
        difference = np.abs(table[f"{name}_s777"] - table[f"{name}_s888"]).to_numpy()
        bins = np.array_split(np.argsort(accuracy, kind="stable"), NOISE_BINS)
        knots.append([np.median(accuracy[members]) for members in bins])
        deviations.append([np.median(difference[members]) / (0.6745 * np.sqrt(2)) for members in bins])
    return {
        "noise_accuracy": np.array(knots, dtype=np.float32),
        "noise_deviation": np.array(deviations, dtype=np.float32),
    }


def fit_curves(folder: Path, table: pd.DataFrame) -> Arrays:
    """Mean gap and scatter of the learning curves.

    cifar10 from its 200 full curves. The other two from points at four epochs, interpolated over the mean progress of
    the three architectures whose full curves are known; their scatter is that of cifar10 times the ratio at the points.
    """
    import pandas as pd

    accuracies = table[list(ACCURACIES)].to_numpy().reshape(-1, len(DATASETS), 4)
    early, final = accuracies[:, :, 0], accuracies[:, :, 2]
    full = pd.read_parquet(folder / "lc_c10valid_200ep_first200.parquet")
    measured = full.pivot(index="arch_index", columns="epoch", values="valid_acc").to_numpy()
    points = pd.read_parquet(folder / "lc_points_s888.parquet").drop_duplicates(["dataset", "arch_index", "epoch"])
    three = pd.read_parquet(folder / "nats_tss_3archs_full_curves.parquet").query("hp == hp.max()")
    coefficients = [_cifar10_coefficients(measured, final[:, 0], early[:, 0])]
    ratios = [_relative_scatter(0, points, final[:, 0], early[:, 0])[1]]
    for place in (1, 2):
        anchors, ratio = _relative_scatter(place, points, final[:, place], early[:, place])
        coefficients.append(_between_anchors(anchors, _mean_progress(place, three)))
        ratios.append(ratio)
    fast = _jitter(measured, coefficients[0], final[:200, 0], early[:200, 0])
    slow = _slow_scatter(coefficients[0], fast, final[:, 0], early[:, 0])
    scale = np.stack([np.interp(CURVE_EPOCHS, ANCHORS, ratio / ratios[0]) for ratio in ratios])
    return {
        "curve_epoch": np.array(CURVE_EPOCHS, dtype=np.uint8),
        "curve_gap": np.stack(coefficients).astype(np.float32),
        "curve_slow": (scale * slow).astype(np.float32),
        "curve_limit": _limits(measured).astype(np.float32),
        "curve_fast": (scale * fast).astype(np.float32),
    }


def _gap_coefficients(place: int, accuracy: Floats, final: Floats, early: Floats) -> Floats:
    """Coefficients of the mean gap at one epoch: quasi-Poisson regression with log link and a little ridge."""
    gain = np.maximum(final - surrogate.CHANCE[place], 1e-3)
    design, share = curves.regressors(place, final, early), (final - accuracy) / gain
    total = (share * gain).sum()
    coefficients = np.eye(design.shape[1])[0] * np.log(total / gain.sum())
    penalty = CURVE_RIDGE * total * np.diag([0.0, 1, 1, 1, 1, 1])
    for _ in range(100):
        expected = np.exp(np.clip(design @ coefficients, -20, 1))
        gradient = design.T @ (gain * (share - expected)) - penalty @ coefficients
        step = np.linalg.solve((design * (gain * expected)[:, None]).T @ design + penalty, gradient)
        coefficients = coefficients + step * min(1.0, 1.0 / np.abs(step).max())
    return coefficients


def _cifar10_coefficients(measured: Floats, final: Floats, early: Floats) -> Floats:
    known = len(measured)
    epochs = np.minimum(CURVE_EPOCHS, SETTLED)
    return np.array([_gap_coefficients(0, measured[:, e - 1], final[:known], early[:known]) for e in epochs])


def _relative_scatter(place: int, points: pd.DataFrame, final: Floats, early: Floats) -> tuple[Floats, Floats]:
    """Coefficients of the mean gap, shape (4, 6), and deviation relative to the mean gap, at each of `ANCHORS`."""
    dataset = ("cifar10-valid", *DATASETS[1:])[place]
    coefficients, deviations = [], []
    for epoch in ANCHORS:
        rows = points[(points["dataset"] == dataset) & (points["epoch"] == epoch)]
        index, accuracy = rows["arch_index"].to_numpy(), rows["valid_acc"].to_numpy()
        coefficients.append(_gap_coefficients(place, accuracy, final[index], early[index]))
        gap = curves.mean_gap(place, final[index], early[index], coefficients[-1])
        error = np.abs(final[index] - accuracy - gap)[gap > 1.0] / gap[gap > 1.0]
        deviations.append(np.median(error) / 0.6745)
    return np.array(coefficients), np.array(deviations)


def _mean_progress(place: int, three: pd.DataFrame) -> Floats:
    """Mean progress of the three architectures (three seeds each) at `CURVE_EPOCHS` and `ANCHORS`, never falling."""
    rows = three[(three["dataset"] == DATASETS[place]) & (three["split"] == "ori-test")]
    runs = rows.pivot_table(index="epoch", columns=["arch_index", "seed"], values="acc").to_numpy()
    reached = ((runs - surrogate.CHANCE[place]) / (runs[-1] - surrogate.CHANCE[place])).mean(axis=1)
    # A third-degree fit over each stretch of 21 epochs takes the jitter out.
    windows = [np.arange(max(0, e - 10), min(len(reached), e + 11)) for e in range(len(reached))]
    smooth = [np.polyval(np.polyfit(w - e, reached[w], 3), 0.0) for e, w in enumerate(windows)]
    return np.concatenate([[0.0], np.maximum.accumulate(np.clip(smooth[:-1], 0.0, 1.0)), [1.0]])


def _between_anchors(anchors: Floats, progress: Floats) -> Floats:
    """Coefficients at `CURVE_EPOCHS`, interpolated over the logarithm of the mean remaining share.

    Args:
        anchors: coefficients at `ANCHORS`, shape (4, 6).
        progress: mean progress per epoch, shape (201,). Beyond the last anchor only the constant follows it.
    """
    remaining = -np.log(np.maximum(1.0 - progress, 2e-3))
    known = np.concatenate([np.zeros((1, anchors.shape[1])), anchors])
    places, wanted = remaining[[0, *ANCHORS]], remaining[list(CURVE_EPOCHS)]
    coefficients = np.stack([np.interp(wanted, places, column) for column in known.T], axis=1)
    coefficients[:, 0] -= np.maximum(wanted - places[-1], 0.0)
    return coefficients


def _jitter(measured: Floats, coefficients: Floats, final: Floats, early: Floats) -> Floats:
    """Deviation of the logarithm of the gap that is drawn anew each epoch, at `CURVE_EPOCHS`."""
    steps = np.zeros(len(CURVE_EPOCHS))
    alive = final > 20.0
    for row, epoch in enumerate(np.minimum(CURVE_EPOCHS, SETTLED)):
        gap = curves.mean_gap(0, final, early, coefficients[row])[alive]
        near = np.arange(max(1, epoch - 3), min(curves.EPOCHS, epoch + 4))
        change = np.diff(measured[alive][:, near - 1], axis=1)
        relative = np.abs(change - np.median(change, axis=0)) / np.maximum(gap, 1e-3)[:, None]
        steps[row] = np.median(relative) / (0.6745 * np.sqrt(2))
    return steps


def _limits(measured: Floats) -> Floats:
    """A quarter more than the largest gap measured at each of `CURVE_EPOCHS` or later, percentage points."""
    largest = (measured[:, -1:] - measured).max(axis=0)
    return 1.25 * np.maximum.accumulate(largest[::-1])[::-1][np.array(CURVE_EPOCHS) - 1]


def _slow_scatter(coefficients: Floats, fast: Floats, final: Floats, early: Floats) -> Floats:
    """Deviation of the slow part, by bisection on the rank correlation with the final accuracy over the whole space."""
    from scipy.stats import spearmanr

    first, second = np.random.default_rng(0).standard_normal((2, len(final)))
    slow: dict[int, float] = {}
    for epoch, target in RANK_CORRELATIONS.items():
        row = CURVE_EPOCHS.index(epoch)
        gap = curves.mean_gap(0, final, early, coefficients[row])
        low, high = 0.0, 4.0
        for _ in range(30):
            middle = (low + high) / 2
            scatter = np.exp(middle * first + fast[row] * second - (middle**2 + fast[row] ** 2) / 2)
            accuracy = np.maximum(final - gap * scatter, np.minimum(final, surrogate.CHANCE[0]))
            low, high = (middle, high) if spearmanr(accuracy, final).statistic > target else (low, middle)
        slow[epoch] = low
        print(f"epoch {epoch}: slow {low:.3f}, fast {fast[row]:.3f}")
    return np.interp(CURVE_EPOCHS, list(slow), list(slow.values()))


def _class_means(values: Floats) -> Floats:
    classes = surrogate.function_classes()
    sums = np.stack([np.bincount(classes, column) for column in values.T], axis=1)
    return sums / np.bincount(classes)[:, None]


if __name__ == "__main__":
    main()
