# NumPy 1 has no types here; this is what encave uses of it.
import numpy as np
from numpy.typing import NDArray

def leggauss(deg: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
