"""Spectrogram images in the layout of the public distribution."""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.image import imread
from numpy.typing import NDArray
from scipy.ndimage import zoom

from shared.domain.genres import GENRES
from training.data.gtzan import DataError

FOLDER: Final = "images_original"
BANDS: Final = 64
"""Rows of an image as the networks take it: 128 mel bands, averaged in pairs."""
FRAMES: Final = 320
"""Columns of an image, about 30 s."""
_DIMENSIONS: Final = 2
# blues00000.png in the public distribution, blues.00000.png in some others.
_NAME: Final = re.compile(r"([a-z]+)\.?(\d{5})")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images with their tracks and genres.

    Attributes:
        pixels: float32 of shape (images, 64, 320), from 0 (silent) to 1 (peak), low
            frequencies in the last row.
        tracks: name of each image's track, shape (images,).
        labels: genre of each image, shape (images,).

    """

    pixels: NDArray[np.float32]
    tracks: NDArray[np.str_]
    labels: NDArray[np.str_]

    def counts(self) -> dict[str, int]:
        """Return the number of images of each genre."""
        found = Counter(self.labels.tolist())
        return {genre: found[genre] for genre in GENRES}

    def fingerprint(self) -> str:
        """Return a short hash of the images."""
        return hashlib.sha256(np.ascontiguousarray(self.pixels).tobytes()).hexdigest()[:12]


def load_images(data_dir: Path) -> ImageSet:
    """Read ``images_original/<genre>/*.png`` in the order of their tracks.

    Colour images become grey, and all get the same size. One that cannot be read is left
    out, with a warning in the log that names it.

    Raises:
        DataError: there are no images laid out like this, or none can be read.

    """
    folder = data_dir / FOLDER
    found: list[tuple[str, str, NDArray[np.float32]]] = []
    for genre, track, path in _files(folder):
        try:
            found.append((track, genre, _read_image(path)))
        except (OSError, SyntaxError, ValueError) as error:  # PNG's own errors are SyntaxErrors
            _log.warning("left out %s: %s", path.relative_to(data_dir), error)
    if not found:
        raise DataError(
            f"There are no images in {folder}. The study looks for {FOLDER}/<genre>/*.png in "
            "the data folder, as in the public distribution of GTZAN."
        )
    tracks, labels, pixels = zip(*found, strict=True)
    return ImageSet(np.stack(pixels), np.array(tracks, str), np.array(labels, str))


def _files(folder: Path) -> Iterator[tuple[str, str, Path]]:
    for genre in GENRES:
        for path in sorted((folder / genre).glob("*.png")):
            if name := _NAME.fullmatch(path.stem):
                yield genre, f"{name[1]}.{name[2]}", path


def _read_image(path: Path) -> NDArray[np.float32]:
    pixels: NDArray[Any] = np.asarray(imread(path), np.float32)  # PNG is read as 0..1
    if pixels.ndim > _DIMENSIONS:
        pixels = pixels[..., :3].mean(axis=2)
    if pixels.shape[0] == 2 * BANDS and pixels.shape[1] >= 2 * FRAMES:
        pairs = pixels[:, : 2 * FRAMES].reshape(BANDS, 2, FRAMES, 2)
        return np.asarray(pairs.mean(axis=(1, 3)), np.float32)
    rows, columns = pixels.shape
    return np.asarray(zoom(pixels, (BANDS / rows, FRAMES / columns), order=1), np.float32)
