"""Names of runs and of their folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from encave.converters.parts.metrics import likely, more_is_better, usual
from encave.converters.parts.names import folder_name, study_name, unique


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("DEHB-cifar10", "DEHB-cifar10"),
        ("a b/c.d", "a-b-c-d"),
        ("--_a--b_-", "a-b"),
        ("ä", "run"),
        ("", "run"),
        ("CON", "CON-run"),
        ("c++_x", "c++_x"),
        ("x" * 100, "x" * 100),
    ],
)
def test_letters_of_folders(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_long_names_end_with_a_hash_and_stay_apart() -> None:
    first, second = folder_name("x" * 101), folder_name("x" * 102)
    assert len(first) <= 100 and len(second) <= 100 and first != second


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ((), "dehb"),
        (("dehb",), "dehb-mlp"),  # `3` is a number, `dehb` is in the name
        (("dehb", "dehb-mlp"), "dehb-study"),
        (("dehb", "dehb-mlp", "dehb-study", "dehb-run"), "dehb-2"),
        (("dehb", "dehb-mlp", "dehb-study", "dehb-run", "dehb-2"), "dehb-3"),
    ],
)
def test_a_name_that_is_taken_gets_a_folders_or_a_number(taken: tuple[str, ...], name: str) -> None:
    assert unique("dehb", Path("/study/mlp/3/dehb/history.json"), taken) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/mlp/log.json", "SMAC-mlp"),
        ("/mlp/run_3/out/log.json", "SMAC-mlp"),
        ("/my-smac/seed-1/log.json", "my-smac"),
        ("/mlp/1/2/3/4/log.json", "SMAC"),  # too far up
        ("/seed0/results/log.json", "SMAC"),
    ],
)
def test_the_nearest_folder_that_tells_something_names_a_study(path: str, name: str) -> None:
    assert study_name(Path(path), "SMAC") == name


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("accuracy", True),
        ("val_loss", False),
        ("reward", True),
        ("neg_reward", False),
        ("1-accuracy", False),
        *((name, True) for name in ("roc_auc", "AUROC", "val/mIoU", "test mAP", "r2_score", "neg_log_loss", "kappa")),
        *((name, False) for name in ("brier_score", "cross_entropy", "neg_log_likelihood", "logloss", "indices")),
        ("x", False),
    ],
)
def test_which_way_a_name_says_is_better(name: str, more: bool) -> None:
    assert more_is_better(name) == more


def test_names_of_objectives() -> None:
    metrics = ["roc_auc", "val_balanced_accuracy", "test logloss", "top1_acc", "metrics.f1_macro", "RMSLE"]
    assert usual(["precision", "kappa", "lossy", "class_weight", *metrics, "max_iter"]) == metrics
    assert usual(["lr", "val_loss", "metrics.acc", "lossy", "final test error"]) == [
        "val_loss",
        "metrics.acc",
        "final test error",
    ]
    assert likely(["accuracy", "x", "loss"]) == "loss"
    assert likely(["x"]) is None
