"""The tagger: its input against librosa, its tags, and the errors it raises."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from shared.errors import ModelError
from shared.music.constants import (
    CHUNK_HOP,
    CHUNK_SAMPLES,
    N_TAGS,
    PATCH_FRAMES,
    SAMPLE_RATE,
    TAGGER_N_MELS,
    TAGGER_SAMPLE_RATE,
)
from shared.music.tagging.tagger import TAG_NAMES, Tagger, chunk_patch, committed, log_mel
from tests.shared.music.conftest import RunLibrosa
from tests.sounds import chords, noise, silence, tone, tune

MOST_BYTES = 700_000
GOLDEN_TAGS = {
    "chords": {"jazz": 0.168968, "electronic": 0.127368, "chillout": 0.124212},
    "silence": {"rock": 0.200346, "indie": 0.125856, "electronic": 0.114050},
}
"""The three likeliest tags, by the checkpoint's own weights in plain NumPy steps."""

SOUNDS: dict[str, NDArray[np.float32]] = {
    "chords": chords(3),
    "noise": noise(3),
    "tone": tone(3),
    "silence": silence(3),
}


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    """Return the tagger that comes with the package."""
    return Tagger.load()


def _librosa_log_mel(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    power = librosa.feature.melspectrogram(
        y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96
    )
    return np.log10(10_000.0 * power.T + 1)


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("length", [48_000, 47_999, 20_000, 300])
def test_the_spectrogram_is_librosas(run_librosa: RunLibrosa, name: str, length: int) -> None:
    """For tones, noise and silence of several lengths."""
    resampled = soxr.resample(SOUNDS[name], SAMPLE_RATE, TAGGER_SAMPLE_RATE)[:length]
    expected = run_librosa(_librosa_log_mel, resampled)
    ours = log_mel(resampled)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_full_scale_does_not_overflow() -> None:
    """The power of the loudest signal exceeds half precision."""
    loudest = log_mel(np.sign(tone(3, sample_rate=TAGGER_SAMPLE_RATE)))
    assert np.isfinite(loudest).all()
    assert loudest.max() > np.log10(np.finfo(np.float16).max)


def test_a_patch_is_the_chunks_first_three_seconds(tagger: Tagger) -> None:
    """Both lengths of a chunk give the same patch, since the last sample is not used."""
    samples = tune(3, seed=2)
    whole, published = chunk_patch(samples), chunk_patch(samples[:CHUNK_SAMPLES])
    assert whole.shape == (PATCH_FRAMES, TAGGER_N_MELS)
    np.testing.assert_array_equal(whole, published)
    np.testing.assert_array_equal(tagger.tag_chunk(samples), tagger.tag_patches(whole[None])[0])


@pytest.mark.parametrize("name", GOLDEN_TAGS)
def test_tags_are_the_published_networks(tagger: Tagger, name: str) -> None:
    """The committed file gives the same likelihoods as the checkpoint's weights."""
    tags = tagger.tag_chunk(SOUNDS[name])
    assert tags.shape == (N_TAGS,)
    assert tags.dtype == np.float32
    assert np.all((tags > 0) & (tags < 1))
    likeliest = np.argsort(-tags)[:3]
    told = {TAG_NAMES[index]: float(tags[index]) for index in likeliest}
    assert told == pytest.approx(GOLDEN_TAGS[name], abs=2e-4)


def test_patches_are_tagged_independently(tagger: Tagger) -> None:
    """Several patches at once get the same tags as each alone."""
    patches = np.stack([chunk_patch(sound) for sound in SOUNDS.values()])
    together = tagger.tag_patches(patches)
    alone = [tagger.tag_patches(patch[None])[0] for patch in patches]
    np.testing.assert_array_equal(together, np.stack(alone))
    assert tagger.tag_patches(patches[:0]).shape == (0, N_TAGS)


@pytest.mark.parametrize("shape", [(0,), (CHUNK_HOP + 1,), (1, CHUNK_HOP), (CHUNK_HOP, 1)])
def test_a_chunk_of_another_shape_is_refused(tagger: Tagger, shape: tuple[int, ...]) -> None:
    """The error names the shape."""
    with pytest.raises(ValueError, match=str(shape[0])):
        tagger.tag_chunk(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(187, 96), (1, 188, 96), (1, 96, 187), (96,)])
def test_patches_of_another_shape_are_refused(tagger: Tagger, shape: tuple[int, ...]) -> None:
    """Also with the right number of values."""
    with pytest.raises(ValueError, match="patches are"):
        tagger.tag_patches(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(tagger: Tagger, value: float) -> None:
    """In samples and in patches."""
    samples = tune(3)
    samples[1000] = value
    with pytest.raises(ValueError, match="not finite"):
        tagger.tag_chunk(samples)
    with pytest.raises(ValueError, match="not finite"):
        tagger.tag_patches(np.full((1, PATCH_FRAMES, TAGGER_N_MELS), value, np.float32))


def test_the_committed_network_says_where_it_comes_from() -> None:
    """Its metadata names package, licence and tags, and the licence is beside it."""
    metadata = Tagger.load().metadata
    assert (metadata.origin.package, metadata.origin.version) == ("musicnn", "0.1.0")
    assert metadata.tags == TAG_NAMES
    assert len(set(TAG_NAMES)) == N_TAGS
    assert "Music Technology Group" in committed().with_suffix(".LICENSE.md").read_text()
    assert committed().stat().st_size == metadata.size_bytes < MOST_BYTES


def _shorten(network: Path) -> None:
    network.write_bytes(network.read_bytes()[:-1])


def _flip(network: Path) -> None:
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)


def _remove(network: Path) -> None:
    network.unlink()


def _remove_metadata(network: Path) -> None:
    network.with_suffix(".json").unlink()


def _change_metadata(network: Path, **changes: object) -> None:
    path = network.with_suffix(".json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _swap_tags(network: Path) -> None:
    _change_metadata(network, tags=(TAG_NAMES[1], TAG_NAMES[0], *TAG_NAMES[2:]))


def _add_field(network: Path) -> None:
    _change_metadata(network, colour="green")


def _replace(network: Path) -> None:
    content = b"junk"
    network.write_bytes(content)
    _change_metadata(network, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_shorten, "checksum"),
        (_flip, "checksum"),
        (_remove, "cannot be read"),
        (_remove_metadata, "cannot be read"),
        (_swap_tags, "other tags"),
        (_add_field, "colour"),
        (_replace, "corrupt"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    """A changed byte, length or field, or one of the two files alone."""
    with pytest.raises(ModelError, match=said):
        Tagger.load(_harmed(tmp_path, harm))


def _harmed(folder: Path, harm: Callable[[Path], None]) -> Path:
    network = folder / "network.onnx"
    shutil.copy(committed(), network)
    shutil.copy(committed().with_suffix(".json"), network.with_suffix(".json"))
    harm(network)
    return network


_FORK = """
import os, sys
from shared.music.tagging.tagger import Tagger
from tests.sounds import tune
tagger, samples = Tagger.load(), tune(3)
before = tagger.tag_chunk(samples)
child = os.fork()
if not child:
    os._exit(0 if (tagger.tag_chunk(samples) == before).all() else 3)
_, status = os.waitpid(child, 0)
again = (tagger.tag_chunk(samples) == before).all()
sys.exit(os.waitstatus_to_exitcode(status) or (0 if again else 4))
"""


def test_a_child_may_use_what_its_parent_loaded() -> None:
    """As in workers, which load once and fork: parent and child give the same tags."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", _FORK], timeout=60, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_onnxruntime_is_imported_by_load() -> None:
    """Importing the module does not import it."""
    script = "import sys, shared.music.tagging.tagger; sys.exit('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)  # noqa: S603
    assert done.returncode == 0
