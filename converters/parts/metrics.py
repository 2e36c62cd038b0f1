"""Which number in a log that does not say it is most likely what was optimised, and which way is better."""

from __future__ import annotations

import re
from collections.abc import Iterable

RAY_OWN = re.compile(
    r"time_.*|timesteps_.*|episodes_.*|iterations_since_restore|training_iteration|timestamp|pid|done|num_\w+"
    r"|trial_id|experiment_id|experiment_tag|date|hostname|node_ip|should_checkpoint|checkpoint_dir_name|(perf|info)/.*"
)
"""Names of what Ray itself puts into results."""

_LIKELY = ("_metric", "loss", "mean_loss", "val_loss", "mean_accuracy", "accuracy", "score", "episode_reward_mean")
_UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]$")
_USUAL = re.compile(
    r"((val|valid|validation|test|best|mean|final|raw)[ _/.-]?)*"
    r"(loss|error([ _-]rate)?|err|acc|accuracy|score|result|performance|objective|cost|fitness|value|target|reward"
    r"|regret|metric|y|f|fx"
    r"|r?mse|rmsle|mae|mape|(roc[ _-]?)?auc|auroc|auprc|f1([ _-](score|macro|micro))?|r2([ _-]score)?|perplexity|ppl"
    r"|(log|logistic)[ _-]?loss|nll|cross[ _-]?entropy|bce|(balanced[ _-]?|top[ _-]?\d[ _-]?)(accuracy|acc|error|err)"
    r"|average[ _-]?precision|recall|m?iou|dice|bleu|wer|cer|brier([ _-]score)?|mcc|ndcg|mrr|elbo|hypervolume)",
    re.IGNORECASE,
)
_MORE_IS_BETTER = re.compile(
    r"acc|score|reward|return|auc|auroc|auprc|f1|precision|recall|r2|iou|bleu|rouge|map\b|likelihood|elbo|psnr|ssim"
    r"|pearson|spearman|kendall|correlation|ndcg|profit|utility|throughput|hypervolume|(hit|win|success)[ _-]?rate"
    r"|(?<![a-z])(kappa|mcc|mrr|fps|dice|ap)(?![a-z])",
    re.IGNORECASE,
)
_LESS_IS_BETTER = re.compile(r"loss|err|cost|regret|mse|mae|deviance|perplexity|brier|entropy", re.IGNORECASE)
_NEGATED = re.compile(r"(?<![a-z])(neg|minus|(?<!top[ _-])1[ _-])", re.IGNORECASE)


def likely(names: Iterable[str]) -> str | None:
    """The likeliest of these names of numbers; None if none of them is a usual one."""
    known = list(names)
    return next((name for name in _LIKELY if name in known), None)


def usual(names: Iterable[str]) -> list[str]:
    """Those of these columns that are called like an objective, also with a unit: `Accuracy (%)`."""
    return [name for name in names if _USUAL.fullmatch(_UNIT.sub("", name.rpartition(".")[2]))]


def is_measured(name: str) -> bool:
    """Whether a column is called like a number that a training logs at its steps, of whatever data."""
    plain = re.sub(r"^train(ing)?[ _/.-]|[_/.-](epoch|step)$|^(lr|learning_rate).*", "", name, flags=re.IGNORECASE)
    return not plain or _USUAL.fullmatch(plain) is not None


def more_is_better(name: str) -> bool:
    """Whether a number of this name is better the higher, as accuracy, score and `neg_log_loss` tell."""
    less = _LESS_IS_BETTER.search(name) is not None
    if _NEGATED.search(name):
        return less
    return _MORE_IS_BETTER.search(name) is not None and not less
