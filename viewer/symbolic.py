"""gplearn 0.4.2, on which Symbolic Explanations rests, calls a method that scikit-learn 1.7 no longer has."""

from __future__ import annotations

from typing import Any


def mend_gplearn() -> None:
    """Give gplearn's estimators the method, where scikit-learn does not."""
    from gplearn.genetic import BaseSymbolic

    if not hasattr(BaseSymbolic, "_validate_data"):
        from sklearn.utils.validation import validate_data

        def _validate_data(self: Any, *args: Any, **options: Any) -> Any:
            return validate_data(self, *args, **options)

        BaseSymbolic._validate_data = _validate_data  # type: ignore[attr-defined]
