"""The network's variables, read from its TensorFlow checkpoint."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.tagger_conversion.wheel import ConversionError, Wheel

Weights = Mapping[str, NDArray[np.float32]]
"""Variables by their name in the checkpoint."""

_OPTIMIZER: Final = ("/Adam", "/Adam_1")
"""Ends of the names of what the optimizer kept beside each variable."""


def read_weights(wheel: Wheel) -> Weights:
    """Return the network's variables; those of the optimizer are left out.

    Raises:
        ConversionError: TensorFlow does not take the files for a checkpoint.

    """
    with tempfile.TemporaryDirectory() as folder:
        prefix = wheel.unpack(Path(folder))
        try:
            reader = tf.train.load_checkpoint(str(prefix))
            names = sorted(reader.get_variable_to_shape_map())
            return {
                name: reader.get_tensor(name)
                for name in names
                # Only layers have a folder in their name; the rest are the optimizer's steps.
                if "/" in name and not name.endswith(_OPTIMIZER)
            }
        except (ValueError, RuntimeError, tf.errors.OpError) as error:
            raise ConversionError(
                f"{wheel.file_name} does not hold a readable checkpoint: {error}"
            ) from error
