"""As many colours as there are runs or budgets: DeepCAVE has 36 and fails at the next one."""

from __future__ import annotations

from functools import wraps
from typing import Any

_COLORS = 36


def repeat_colors() -> None:
    """Have DeepCAVE's colours begin again; to be called before its pages are imported, which take the function."""
    from deepcave.utils import styled_plotty

    stock = styled_plotty.get_color

    @wraps(stock)
    def repeated(id_: int, alpha: float = 1) -> Any:
        return stock(id_ % _COLORS, alpha)

    styled_plotty.get_color = repeated
