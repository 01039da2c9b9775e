"""From scores to calibrated probabilities.

Guo et al., "On calibration of modern neural networks" (2017), section 4.2: scores are divided by a
temperature, which leaves their order as it is.
"""

import numpy as np
from numpy.typing import NDArray


def softmax(
    scores: NDArray[np.float64], temperature: float | NDArray[np.float64] = 1.0
) -> NDArray[np.float64]:
    """Turn scores into probabilities.

    Args:
        scores: shape (n, classes).
        temperature: above 0; one for all rows, or one for each, shape (n,).

    Returns:
        Shape (n, classes), rows with the sum 1.

    """
    scaled = scores / np.reshape(temperature, (-1, 1))
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def temperature_scale(
    probabilities: NDArray[np.float64], temperature: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Divide the log odds between classes by a temperature.

    Args:
        probabilities: shape (n, classes), rows with the sum 1.
        temperature: as for ``softmax``; 1 changes nothing.

    Returns:
        Shape (n, classes), rows with the sum 1.

    """
    return softmax(np.log(np.maximum(probabilities, np.finfo(np.float64).tiny)), temperature)
