"""Fifty tags for each three seconds, by the network MSD_musicnn.

Pons & Serra, "musicnn: Pre-trained convolutional neural networks for music audio tagging"
(2019): trained on the Million Song Dataset to tell what listeners call a song. The network
is ONNX here (``services/trainer/tagger`` converts it), and what it hears is computed as its
package does, but that the package rounds powers to half precision, in which loud ones
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
"""What the network's outputs mean, in its order and its spelling."""

_ENDS: Final = [("patches", [PATCH_FRAMES, TAGGER_N_MELS]), ("tags", [N_TAGS])]
"""Names and shapes, but for the number of patches, of what goes into the network and out."""


class Tagger:
    """Likelihoods of the fifty tags.

    Build it with ``load``. One object may be used by several threads, and by the children
    of the process that loaded it, as long as it was loaded for one thread: onnxruntime then
    starts none of its own that a fork would lose.
    """

    def __init__(self, info: TaggerMetadata, session: Any) -> None:
        self.info = info
        self._session = session

    @classmethod
    def load(cls, path: Path | None = None, *, thread_count: int = 1) -> Self:
        """Workload the network and its description, the JSON file of the same name beside it.

        Args:
            path: the ``.onnx`` file; the one that comes with the package where left out.
            thread_count: threads that a patch may use.

        Raises:
            ModelError: the two files cannot be read, do not belong together, or hold
                another network than this release's.

        """
        path = path or committed()
        info = TaggerMetadata.read(path.with_suffix(".json"))
        if info.tags != TAG_NAMES:
            raise ModelError(
                f"The tagger {info.name} knows other tags than this release, or in another order."
            )
        content = _read(path)
        info.check(content)
        session = _session(content, path, thread_count)
        found = [(end.name, end.shape[1:]) for end in session.get_inputs() + session.get_outputs()]
        if found != _ENDS:
            raise ModelError(f"The tagger {info.name} takes or gives something else: {found}.")
        return cls(info, session)

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
        # One by one: batches are no faster, and a patch takes 30 MB on its way.
        for row, patch in zip(tags, patches.astype(np.float32, copy=False), strict=True):
            row[:] = self._session.run(["tags"], {"patches": patch[None]})[0][0]
        return tags

    def tag_chunk(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the likelihood, 0 to 1, of each tag for one chunk.

        Args:
            samples: float32 of shape (CHUNK_HOP,) or (CHUNK_SAMPLES,), mono at SAMPLE_RATE,
                full scale at one; the last of CHUNK_HOP samples is not used. Silence is
                fine: its tags are finite.

        Returns:
            float32 of shape (N_TAGS,), in the order of ``TAG_NAMES``.

        Raises:
            ValueError: another shape, or samples that are not finite.

        """
        tags: NDArray[np.float32] = self.tag_patches(chunk_patch(samples)[None])[0]
        return tags


def committed() -> Path:
    """Return where the network that comes with the package lies."""
    # A plain folder even when installed: nothing here runs out of a zip file.
    return Path(__file__).parents[1] / "models" / "msd_musicnn.onnx"


def chunk_patch(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the network hears of one chunk, float32 (PATCH_FRAMES, TAGGER_N_MELS).

    Args:
        samples: as for ``Tagger.tag_chunk``.

    Raises:
        ValueError: another shape, or samples that are not finite.

    """
    chunk = checked_chunk(samples)
    resampled: NDArray[np.float32] = soxr.resample(chunk, SAMPLE_RATE, TAGGER_SAMPLE_RATE)
    patch: NDArray[np.float32] = log_mel(resampled)[:PATCH_FRAMES]
    return patch


def log_mel(samples_16k: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the spectrogram that the network hears, float32 of shape (frames, TAGGER_N_MELS).

    There is a frame around every TAGGER_HOP-th sample, beginning with the first. Beyond the
    ends lies silence, as in the package. For a chunk out of a track that is also the best
    guess: it leaves the first frame, the only one it touches, and the tags nearer to those
    heard in the whole track than the signal mirrored does (0.0004 against 0.0005 in the mean).

    Args:
        samples_16k: float32 of shape (n,), n at least 1, mono at TAGGER_SAMPLE_RATE.

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
    """Return Slaney's mel filters, shape (bins, TAGGER_N_MELS)."""
    return mel_filters(TAGGER_SAMPLE_RATE, TAGGER_N_FFT, TAGGER_N_MELS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"The tagger's file {path} cannot be read ({error.strerror}).") from error


def _session(content: bytes, path: Path, thread_count: int) -> Any:
    # Half a second to import, which only those pay that tag.
    onnxruntime = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = thread_count
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    # Threads that wait in a loop would take the cores that other workers need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    # Its exceptions have nothing in common but this.
    except Exception as error:
        raise ModelError(f"The tagger's file {path} is corrupt: {error}") from error
    return session
