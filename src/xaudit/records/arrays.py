"""Types of arrays, by the kind of number they hold; ``(H, W)`` unless stated otherwise."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]

BoolArray = npt.NDArray[np.bool_]

IntArray = npt.NDArray[np.integer]
