# plotly ships no types; this is what encave uses of it.
from typing import Any

class Figure:
    layout: Any
    data: tuple[Any, ...]
    def __init__(self, data: Any = None, layout: Any = None, **kwargs: Any) -> None: ...
    def to_html(self, *, include_plotlyjs: bool | str = True, full_html: bool = True) -> str: ...
