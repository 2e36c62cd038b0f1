"""A drawing recorded once, to be written in several formats.

Most of the time of a small file goes into what its formats share: where texts, ticks and lines lie. Images are not
recorded, since each format wants them in dots of its own: matplotlib raises `NotImplementedError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.figure import Figure
from matplotlib.offsetbox import OffsetBox
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D, Bbox

_DPI = 72  # of PDF, SVG and PGF

Step = tuple[str, "GraphicsContextBase | None", tuple[Any, ...], dict[str, Any]]
"""A method of a renderer, the context that it is given first, and its other arguments."""


def recorded(drawing: Figure) -> Figure:
    """A figure of the same size that repeats what this one draws, in a format of 72 dots per inch.

    The drawing is of 72 dots per inch from then on, since what it draws is clipped by its own axes.
    """
    width, height = drawing.get_size_inches()
    drawing.dpi = _DPI
    recorder = _Recorder(width * _DPI, height * _DPI)
    legends: Any = getattr(drawing, "legends", ())
    for legend in legends:
        for box in legend.findobj(OffsetBox):  # each asks its parts anew for every level above it, though none moves
            box.get_bbox = cache(box.get_bbox)
    drawing.draw(recorder)
    copy: Any = Figure(figsize=(width, height), dpi=_DPI, frameon=False)
    copy.add_artist(_Replay(recorder.steps[1:-1], height * _DPI))  # without the figure's group: the copy has its own
    return copy


class _Recorder(RendererBase):
    """Keeps what it is asked to draw."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self._size = (width, height)
        self.steps: list[Step] = []

    def flipy(self) -> bool:
        return False

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self._size

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        return text_to_path.get_text_width_height_descent(s, prop, ismath)

    def open_group(self, *args: Any, **kwargs: Any) -> None:
        self.steps.append(("open_group", None, args, kwargs))

    def close_group(self, *args: Any, **kwargs: Any) -> None:
        self.steps.append(("close_group", None, args, kwargs))

    def draw_path(self, gc: GraphicsContextBase, *args: Any, **kwargs: Any) -> None:
        self._keep("draw_path", gc, args, kwargs)

    def draw_markers(self, gc: GraphicsContextBase, marker_path: Path, *args: Any, **kwargs: Any) -> None:
        marker: Any = marker_path
        self._keep("draw_markers", gc, (_Marker(marker.vertices, marker.codes), *args), kwargs)

    def draw_path_collection(self, gc: GraphicsContextBase, *args: Any, **kwargs: Any) -> None:
        self._keep("draw_path_collection", gc, args, kwargs)

    def draw_text(self, gc: GraphicsContextBase, *args: Any, **kwargs: Any) -> None:
        self._keep("draw_text", gc, args, kwargs)

    def draw_tex(self, gc: GraphicsContextBase, *args: Any, **kwargs: Any) -> None:
        self._keep("draw_tex", gc, args, kwargs)

    def _keep(self, name: str, gc: GraphicsContextBase, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note a step with its context as it is now: matplotlib uses a context again."""
        kept = self.new_gc()
        kept.copy_properties(gc)
        self.steps.append((name, kept, args, kwargs))


class _Marker(Path):
    """A marker whose size, which every format asks for at each use, is worked out once for all of its kind."""

    def get_extents(self, transform: Any = None, **_: Any) -> Any:
        placed: Any = transform or Affine2D()
        shape: Any = (self.vertices, self.codes, placed.get_matrix())
        return Bbox(_extents(*(None if part is None else part.tobytes() for part in shape)))


@lru_cache(maxsize=64)
def _extents(vertices: bytes, codes: bytes | None, matrix: bytes) -> Any:
    path: Any = Path(np.frombuffer(vertices).reshape(-1, 2), None if codes is None else np.frombuffer(codes, np.uint8))
    return path.get_extents(Affine2D(np.frombuffer(matrix).reshape(3, 3))).get_points()


class _Replay(Artist):
    """Draws again what was recorded."""

    def __init__(self, steps: Sequence[Step], height: float) -> None:
        super().__init__()
        self._steps, self._height = steps, height

    def draw(self, renderer: RendererBase) -> None:
        for name, kept, args, kwargs in self._steps:
            if kept is None:
                getattr(renderer, name)(*args, **kwargs)
                continue
            if name in ("draw_text", "draw_tex") and renderer.flipy():
                x, y, *others = args
                args = (x, self._height - y, *others)
            context = renderer.new_gc()
            context.copy_properties(kept)
            getattr(renderer, name)(context, *args, **kwargs)
            context.restore()
