"""Likelihoods of fifty tags for a chunk, by the network MSD_musicnn.

Pons & Serra, "musicnn: Pre-trained convolutional neural networks for music audio tagging" (2019):
trained on the Million Song Dataset to predict the tags that listeners give to a song. The network
is stored as ONNX (``training.tagger_conversion`` converts it). Its input is computed as in its
package, with one difference: the package rounds powers to half precision, where loud ones
overflow; here they stay in single precision.
"""

import importlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import scipy.fft
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shared.errors import ModelError
from shared.music.chunking import checked_chunk
from shared.music.constants import (
    N_TAGS,
    PATCH_FRAMES,
    SAMPLE_RATE,
    TAGGER_COMPRESSION,
    TAGGER_HOP,
    TAGGER_N_FFT,
    TAGGER_N_MELS,
    TAGGER_SAMPLE_RATE,
)
from shared.music.features.filters import hann, mel_filters
from shared.music.tagging.tagger_metadata import TaggerMetadata

TAG_NAMES: Final[tuple[str, ...]] = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists"),
    *("classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s"),
    *("chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country"),
    *("easy listening", "sexy", "catchy", "funk", "electro", "heavy metal"),
    *("Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy"),
)
"""The network's outputs, in its order and spelling."""

_SPELLINGS: Final = {"rnb": "R&B"}

_SIGNATURE: Final = [("patches", [PATCH_FRAMES, TAGGER_N_MELS]), ("tags", [N_TAGS])]
"""Name and shape of the network's input and output, without the number of patches."""


class Tagger:
    """Predicts the likelihoods of the fifty tags.

    Create it with ``load``. Several threads may share one object, and so may forked children of
    the process, if it was loaded for one thread: onnxruntime then starts no threads of its own,
    which a fork would lose.
    """

    def __init__(self, metadata: TaggerMetadata, session: Any) -> None:
        self.metadata = metadata
        self._session = session

    @classmethod
    def load(cls, path: Path | None = None, *, thread_count: int = 1) -> Self:
        """Load the network and its metadata, the JSON file of the same name beside it.

        Args:
            path: the ``.onnx`` file; by default the one that comes with the package.
            thread_count: threads that a prediction may use.

        Raises:
            ModelError: the two files cannot be read, do not belong together, or hold
                another network than this release's.

        """
        path = path or committed()
        metadata = TaggerMetadata.read(path.with_suffix(".json"))
        if metadata.tags != TAG_NAMES:
            raise ModelError(
                f"The tagger {metadata.name} has other tags than this release, or another order."
            )
        session = _session(metadata.read_content(path), path, thread_count)
        found = [(end.name, end.shape[1:]) for end in session.get_inputs() + session.get_outputs()]
        if found != _SIGNATURE:
            raise ModelError(f"The tagger {metadata.name} has another input or output: {found}.")
        return cls(metadata, session)

    def tag_patches(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the likelihood, 0 to 1, of each tag for each patch.

        Args:
            patches: float32 of shape (n, PATCH_FRAMES, TAGGER_N_MELS), as ``log_mel`` has them.

        Returns:
            float32 of shape (n, N_TAGS), columns as ``TAG_NAMES``.

        Raises:
            ValueError: another shape, or values that are not finite.

        """
        if patches.shape[1:] != (PATCH_FRAMES, TAGGER_N_MELS):
            raise ValueError(
                f"patches are (n, {PATCH_FRAMES}, {TAGGER_N_MELS}), not {patches.shape}"
            )
        if not np.isfinite(patches).all():
            raise ValueError("patches hold values that are not finite")
        tags = np.empty((len(patches), N_TAGS), np.float32)
        # One by one: batches are not faster, and need more memory.
        for row, patch in zip(tags, patches.astype(np.float32, copy=False), strict=True):
            row[:] = self._session.run(["tags"], {"patches": patch[None]})[0][0]
        return tags

    def tag_chunk(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the likelihood, 0 to 1, of each tag for one chunk.

        Args:
            samples: float32 of shape (CHUNK_HOP,) or (CHUNK_SAMPLES,), mono at SAMPLE_RATE,
                full scale 1. The last of CHUNK_HOP samples is not used. Silence has finite
                likelihoods.

        Returns:
            float32 of shape (N_TAGS,), in the order of ``TAG_NAMES``.

        Raises:
            ValueError: another shape, or samples that are not finite.

        """
        tags: NDArray[np.float32] = self.tag_patches(chunk_patch(samples)[None])[0]
        return tags


def tag_name(tag: str) -> str:
    """Return a tag as people write it within a sentence."""
    return _SPELLINGS.get(tag, tag.lower())


def committed() -> Path:
    """Return the path of the network that comes with the package."""
    # A folder on disk even when installed: the package does not support zip files.
    return Path(__file__).parents[1] / "models" / "msd_musicnn.onnx"


def chunk_patch(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the network's input for one chunk.

    Args:
        samples: as for ``Tagger.tag_chunk``.

    Returns:
        float32 of shape (PATCH_FRAMES, TAGGER_N_MELS).

    Raises:
        ValueError: another shape, or samples that are not finite.

    """
    chunk = checked_chunk(samples)
    resampled: NDArray[np.float32] = soxr.resample(chunk, SAMPLE_RATE, TAGGER_SAMPLE_RATE)
    patch: NDArray[np.float32] = log_mel(resampled)[:PATCH_FRAMES]
    return patch


def log_mel(samples_16k: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithmic mel spectrogram that patches are cut from.

    Frames are centred on every TAGGER_HOP-th sample, and the signal is padded with silence, as
    in the package. For a chunk of a track this is also the best choice: only the first frame
    depends on the padding, and its tags differ less from those computed on the whole track than
    with padding by reflection (by 0.0004 against 0.0005 in the mean).

    Args:
        samples_16k: float32 of shape (n,), n at least 1, mono at TAGGER_SAMPLE_RATE.

    Returns:
        float32 of shape (frames, TAGGER_N_MELS).

    """
    padded = np.pad(samples_16k, TAGGER_N_FFT // 2)
    frames = sliding_window_view(padded, TAGGER_N_FFT)[::TAGGER_HOP]
    spectrum = scipy.fft.rfft(frames * _hann(), axis=-1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = power @ _mel_filters()
    bands *= np.float32(TAGGER_COMPRESSION)
    logarithms: NDArray[np.float32] = np.log10(bands + np.float32(1))
    return logarithms


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float32]:
    return hann(TAGGER_N_FFT).astype(np.float32)


@lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float32]:
    return mel_filters(TAGGER_SAMPLE_RATE, TAGGER_N_FFT, TAGGER_N_MELS)


def _session(content: bytes, path: Path, thread_count: int) -> Any:
    # Imported here, because it takes half a second and not every process tags.
    onnxruntime = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = thread_count
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    # Threads that spin while waiting would take the cores from other workers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    # onnxruntime's exceptions have no common base class but this.
    except Exception as error:
        raise ModelError(f"The tagger's file {path} is corrupt: {error}") from error
    return session
