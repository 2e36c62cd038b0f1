"""Symbolic Explanations' regressor works with the scikit-learn that is installed."""

from __future__ import annotations

import numpy as np
import pytest
from gplearn.genetic import BaseSymbolic, SymbolicRegressor

from encave.viewer.symbolic import mend_gplearn


def test_symbolic_regression_finds_a_sum() -> None:
    x = np.random.default_rng(0).random((60, 2))
    regressor = SymbolicRegressor(population_size=200, generations=3, random_state=0)
    if not hasattr(BaseSymbolic, "_validate_data"):
        with pytest.raises(AttributeError, match="_validate_data"):
            regressor.fit(x, x.sum(axis=1))
    mend_gplearn()
    regressor.fit(x, x.sum(axis=1))
    assert regressor.predict(x) == pytest.approx(x.sum(axis=1), abs=0.2)
