# moocore does not say of what type the values in its arrays are; this is what encave uses of it.
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

class Hypervolume:
    def __init__(self, *, ref: ArrayLike, maximise: bool | Sequence[bool] = False) -> None: ...
    def __call__(self, points: ArrayLike) -> float: ...

def eaf(points: ArrayLike, /, sets: ArrayLike, *, percentiles: Sequence[float] = ()) -> NDArray[np.float64]: ...
def is_nondominated(
    points: ArrayLike, /, *, maximise: bool | Sequence[bool] = False, keep_weakly: bool = False
) -> NDArray[np.bool_]: ...
