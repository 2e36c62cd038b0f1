"""A random forest over binned hyperparameters, grown level by level in numpy for all trees at once.

Every hyperparameter is a column of bin numbers. A split sends a set of bins to the left: of an ordered hyperparameter
the bins below a threshold, of a nominal one any set, found exactly by sorting the bins by their mean (Fisher 1958;
Breiman et al., "Classification and Regression Trees", 1984, theorem 4.5). So a leaf is a product of sets of bins, which
is what the functional ANOVA of a tree needs, and no choice is closer to another because of its number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from ...errors import EncaveError
from ...run.types import Bools, Floats, Ints
from ..statistics.contraction import contract

TREES = 16
"""As in Hutter, Hoos and Leyton-Brown's fanova; of few trials there are more, see `trees_for`."""
_MOST_TREES, _WORK = 64, 16_000  # trees; trees times trials
TRIED = 5 / 6
"""Share of the hyperparameters that a node tries, as there; of the others it tries one if none of these splits it."""
_SAME = 1e-10  # relative gain below which a split is rounding
_CELLS = 20_000  # bins of nodes that are looked at together, so that they stay near the processor


@dataclass(frozen=True, eq=False)
class Forest:
    """Regression trees over d binned hyperparameters; node 0 … trees - 1 are the roots."""

    trees: int
    """Number of trees."""
    sizes: tuple[int, ...]
    """Number of bins of each hyperparameter."""
    feature: Ints
    """Hyperparameter that each node splits, shape (nodes,); -1 in a leaf."""
    child: Ints
    """Left child of each node, shape (nodes,); the right one is the next."""
    left: Bools
    """Bins that go left, shape (nodes, largest size)."""
    value: Floats
    """Mean of each node's trials, shape (nodes,)."""
    leaves: Ints
    """Nodes that are leaves, shape (leaves,), by tree."""
    leaf_tree: Ints
    """Tree of each leaf, ascending."""
    boxes: Bools
    """Bins of each leaf, shape (leaves, sum of sizes), the hyperparameters side by side."""
    r2: float
    """Share of variance explained for trials that a tree was not grown on (out of bag); NaN if it is not defined."""

    def predict_trees(self, codes: Ints) -> Floats:
        """Prediction of each tree, shape (trees, n), for bin numbers of shape (n, d)."""
        n = len(codes)
        tree, row = np.repeat(np.arange(self.trees), n), np.tile(np.arange(n), self.trees)
        return self.value[_descend(self.feature, self.child, self.left, codes, tree, row)].reshape(self.trees, n)

    def predict(self, codes: Ints) -> Floats:
        """Mean prediction over the trees, shape (n,), for bin numbers of shape (n, d)."""
        return self.predict_trees(codes).mean(axis=0)


class _Split(NamedTuple):
    """Best split of each of the nodes of a level."""

    gain: Floats
    feature: Ints
    left: Bools


class _Level(NamedTuple):
    """The in-bag trials of the nodes of one level: row of the trial, its node, its weight, weight times value."""

    row: Ints
    node: Ints
    weight: Floats
    product: Floats

    def within(self, nodes: Ints, of: int) -> _Level:
        """The trials of some of the `of` nodes, which are numbered anew in this order."""
        number = np.full(of, -1)
        number[nodes] = np.arange(len(nodes))
        node = number.take(self.node)
        at = np.flatnonzero(node >= 0)  # taking by number is several times faster than by mask
        return _Level(self.row.take(at), node.take(at), self.weight.take(at), self.product.take(at))


def trees_for(trials: int) -> int:
    """Trees for so many trials: 64 up to 250, where they make the error smaller by a tenth, 16 from 1,000 on."""
    return max(TREES, min(_MOST_TREES, _WORK // max(trials, 1)))


def grow(
    codes: Ints,
    values: Floats,
    sizes: Sequence[int],
    nominal: Sequence[bool],
    *,
    trees: int = TREES,
    seed: int = 0,
) -> Forest:
    """Grow full trees, each on a bootstrap sample, with a random `TRIED` of the hyperparameters tried at every split.

    A bin that no trial of a node has goes to the side with more trials if the hyperparameter is nominal; the threshold
    of an ordered one lies in the middle of the empty bins.

    Args:
        codes: Bin numbers, shape (n, d).
        values: What is predicted, shape (n,).
        sizes: Number of bins of each hyperparameter, length d.
        nominal: Whether the bins of each hyperparameter have no order, length d.
        trees: Number of trees.
        seed: Of the bootstrap.

    Raises:
        EncaveError: fewer than two trials.
    """
    n = len(values)
    if n < 2:
        raise EncaveError(f"a forest needs at least two trials, not {n}")
    offset = values.mean()
    rng = np.random.default_rng(seed)
    bag = rng.multinomial(n, np.full(n, 1 / n), size=trees)
    tree, row = np.nonzero(bag)
    weight = bag[tree, row].astype(np.float64)
    grower = _Grower(codes, tuple(sizes), tuple(nominal), rng)
    grower.grow(_Level(row, tree, weight, weight * (values - offset)[row]), trees)
    feature, child = np.concatenate(grower.feature), np.concatenate(grower.child)
    left, value = np.concatenate(grower.left), np.concatenate(grower.value) + offset
    leaves, leaf_tree = np.concatenate(grower.leaves), np.concatenate(grower.leaf_tree)
    order = np.argsort(leaf_tree, kind="stable")
    boxes = np.concatenate(grower.boxes)[order]
    outside, out_row = np.nonzero(bag == 0)
    predicted = value[_descend(feature, child, left, codes, outside, out_row)]
    r2 = _out_of_bag_r2(values, predicted, out_row)
    return Forest(trees, tuple(sizes), feature, child, left, value, leaves[order], leaf_tree[order], boxes, r2)


class _Grower:
    """Collects the nodes of a forest level by level."""

    def __init__(
        self, codes: Ints, sizes: tuple[int, ...], nominal: tuple[bool, ...], rng: np.random.Generator
    ) -> None:
        self.codes = np.ascontiguousarray(codes)
        self.columns = [np.ascontiguousarray(codes[:, j]) for j in range(len(sizes))]
        self.sizes, self.nominal, self.rng = sizes, nominal, rng
        self.owner = np.repeat(np.arange(len(sizes)), sizes)  # of each column of the boxes: hyperparameter and bin
        self.place = np.concatenate([np.arange(size) for size in sizes])
        self.feature: list[Ints] = []
        self.child: list[Ints] = []
        self.left: list[Bools] = []
        self.value: list[Floats] = []
        self.leaves: list[Ints] = []
        self.leaf_tree: list[Ints] = []
        self.boxes: list[Bools] = []

    def grow(self, level: _Level, trees: int) -> None:
        tree, boxes, first = np.arange(trees), np.ones((trees, len(self.owner)), dtype=bool), 0
        while len(tree):
            split = self._record(level, tree, boxes, first)
            inner = np.flatnonzero(split.feature >= 0)
            first += len(tree)
            level = self._descend(level, split, inner)
            boxes = self._children(boxes[inner], split.feature[inner], split.left[inner])
            tree = np.repeat(tree[inner], 2)

    def _record(self, level: _Level, tree: Ints, boxes: Bools, first: int) -> _Split:
        """Split the nodes of a level and note them; the nodes are numbered from `first`."""
        nodes = len(tree)
        count, total = _sums(level.node, level.weight, nodes), _sums(level.node, level.product, nodes)
        split = self._best(level, count, total)
        leaf = split.feature < 0
        self.feature.append(split.feature)
        self.left.append(split.left)
        self.value.append(total / count)
        self.child.append(np.where(leaf, -1, first + nodes + 2 * (np.cumsum(~leaf) - 1)))
        self.leaves.append(first + np.flatnonzero(leaf))
        self.leaf_tree.append(tree[leaf])
        self.boxes.append(boxes[leaf])
        return split

    def _descend(self, level: _Level, split: _Split, inner: Ints) -> _Level:
        level = level.within(inner, len(split.feature))
        feature, left = split.feature[inner], split.left[inner]
        codes = self.codes.take(level.row * len(self.sizes) + feature.take(level.node))
        right = ~left.take(level.node * left.shape[1] + codes)
        return level._replace(node=2 * level.node + right)

    def _children(self, boxes: Bools, feature: Ints, left: Bools) -> Bools:
        """Boxes of the left and right child of each node, in turn."""
        split = self.owner == feature[:, None]  # whose bins these are
        own = left[:, self.place]
        return np.stack((boxes & (own | ~split), boxes & ~(own & split)), axis=1).reshape(-1, boxes.shape[1])

    def _best(self, level: _Level, count: Floats, total: Floats) -> _Split:
        nodes = len(count)
        gain = total**2 / count * (1 + _SAME)  # what a split must exceed
        best = _Split(gain, np.full(nodes, -1), np.zeros((nodes, max(self.sizes)), dtype=bool))
        able = np.flatnonzero(np.bincount(level.node, minlength=nodes) > 1)
        level = level.within(able, nodes)
        tried = self._tried(len(able))
        self._try_all(level, able, count, total, best, tried)
        whole = np.flatnonzero(best.feature[able] < 0)  # none of those tried splits it: the others are tried too
        self._try_all(level.within(whole, len(able)), able[whole], count, total, best, ~tried[whole])
        return best

    def _tried(self, nodes: int) -> Bools:
        """Which hyperparameters each node tries, shape (nodes, d)."""
        drawn, most = self.rng.random((nodes, len(self.sizes))), math.ceil(TRIED * len(self.sizes) - 1e-9)
        return drawn <= np.partition(drawn, most - 1, axis=1)[:, most - 1, None]

    def _try_all(self, level: _Level, able: Ints, count: Floats, total: Floats, best: _Split, tried: Bools) -> None:
        features = [  # the first of equals wins, so none is always the first
            int(j) for j in self.rng.permutation(len(self.sizes)) if self.sizes[j] > 1 and tried[:, j].any()
        ]
        most = max(1, _CELLS // max(1, len(able)))
        for (size, _), alike in groupby(features, lambda j: (self.sizes[j], self.nominal[j])):
            together, step = list(alike), max(1, most // size)
            for first in range(0, len(together), step):
                self._try(together[first : first + step], level, able, count[able], total[able], best, tried)

    def _try(
        self, features: Sequence[int], level: _Level, able: Ints, count: Floats, total: Floats, best: _Split,
        tried: Bools,
    ) -> None:  # fmt: skip
        """Put the best split by one of these hyperparameters, which are of one size and kind, where it is better."""
        size, nominal, nodes = self.sizes[features[0]], self.nominal[features[0]], len(able)
        keys = [self.columns[j].take(level.row) * nodes + level.node for j in features]
        counts = np.stack([_sums(key, level.weight, size * nodes).reshape(size, nodes) for key in keys])
        totals = np.stack([_sums(key, level.product, size * nodes).reshape(size, nodes) for key in keys])
        means = np.divide(totals, counts, out=np.full_like(totals, np.inf), where=counts > 0)
        # what a split must exceed: more than anything where the hyperparameter is not tried
        gain = np.where(tried[:, features].T, best.gain[able], np.inf)
        at, below, sums = np.full(gain.shape, -1), np.zeros(gain.shape), np.zeros(gain.shape)
        with np.errstate(divide="ignore", invalid="ignore"):  # nothing on the left gives NaN, which is never better
            for k in range(size):  # a split for each bin: those up to it in their order, or in that of their means
                if nominal:
                    inside = (means <= means[:, k, None]).astype(np.float64)
                    below, sums = contract("fkn,fkn->fn", counts, inside), contract("fkn,fkn->fn", totals, inside)
                else:
                    below, sums = below + counts[:, k], sums + totals[:, k]
                above, rest = count - below, total - sums
                gained = sums * sums / below
                gained += rest * rest / above
                better = gained > gain
                better &= above > 0
                np.copyto(gain, gained, where=better)
                np.copyto(at, k, where=better)
        gain[at < 0] = -np.inf
        chosen = gain.argmax(axis=0)
        won = np.flatnonzero(at[chosen, np.arange(nodes)] >= 0)
        chosen, mine = chosen[won], able[won]
        best.gain[mine], best.feature[mine] = gain[chosen, won], np.array(features)[chosen]
        best.left[mine, :size] = _left(counts[chosen, :, won].T, means[chosen, :, won].T, at[chosen, won], nominal).T


def _sums(key: Ints, values: Floats, size: int) -> Floats:
    """Sum of the values of each key, shape (size,)."""
    return np.bincount(key, values, size).astype(np.float64, copy=False)


def _left(counts: Floats, means: Floats, at: Ints, nominal: bool) -> Bools:
    """Bins that go left, shape (size, nodes), where the split is at bin `at`."""
    nodes = np.arange(len(at))
    if nominal:
        left = means <= means[at, nodes]
        larger = 2 * (counts * left).sum(axis=0) > counts.sum(axis=0)
        return left | ((counts == 0) & larger)
    below = np.cumsum(counts, axis=0)
    gap = (below == below[at, nodes]).sum(axis=0) - 1  # empty bins above `at`
    return np.arange(len(counts))[:, None] <= at + gap // 2


def _descend(feature: Ints, child: Ints, left: Bools, codes: Ints, tree: Ints, row: Ints) -> Ints:
    """Leaf in which trial `row` ends in `tree`, shape of both."""
    node = tree.copy()
    flat_codes, flat_left, d, size = codes.ravel(), left.ravel(), codes.shape[1], left.shape[1]
    moving = np.flatnonzero(feature.take(node) >= 0)
    while len(moving):
        at = node.take(moving)
        bins = flat_codes.take(row.take(moving) * d + feature.take(at))
        at = child.take(at) + ~flat_left.take(at * size + bins)
        node[moving] = at
        moving = moving[feature.take(at) >= 0]
    return node


def _out_of_bag_r2(values: Floats, predicted: Floats, row: Ints) -> float:
    votes = np.bincount(row, minlength=len(values))
    seen = votes > 0
    if seen.sum() < 2 or np.ptp(values[seen]) == 0:
        return float("nan")
    mean = np.bincount(row, predicted, len(values))[seen] / votes[seen]
    return float(1 - ((values[seen] - mean) ** 2).sum() / ((values[seen] - values[seen].mean()) ** 2).sum())
