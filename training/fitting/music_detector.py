"""Fitting the music detector: music as the data set has it, against sounds of our making."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from shared.music.features.fast import analyse_chunk
from shared.music.model.music_detector import (
    COLUMN_NAMES,
    FAMILIES,
    Family,
    MusicDetectorParameters,
    columns_of,
)
from shared.music.tagging.chunk_tags import chunk_tags
from shared.music.tagging.tagger import Tagger
from training.data.gtzan import DataError
from training.fitting.fit import track_weights
from training.sounds.catalogue import clips
from training.sounds.rooms import placed
from training.sounds.shaping import levelled

CLIPS: Final[Mapping[Family, int]] = {"music": 40, "speech": 9, "noise": 16, "tone": 22}
"""Clips of each kind, each of one chunk: some 690 in all."""

TUNES_SHARE: Final = 0.2
"""Share of the music that is tunes and badly recorded music, by weight."""

PLACED_DBFS: Final = -20.0
"""Level of badly recorded music, RMS, in dB full scale."""

LEFT_OUT: Final = ("harmony_mean", "perceptr_mean", "tempo")
"""Nothing to learn: offsets of the recording's zero line, and a tempo that any noise has."""

BOUND: Final = 4.0
"""Standard deviations of music that a chunk may be off at most."""

PENALTY: Final = 100.0
"""scikit-learn's C, where each family of sounds weighs 1 in all."""

_DIGITS: Final = 6


@dataclass(frozen=True, eq=False)
class Sounds:
    """Synthesized chunks, as the music detector sees them.

    Attributes:
        features: float64 of shape (chunks, 57), columns as ``FEATURE_NAMES``.
        tags: float32 of shape (chunks, 50), columns as ``TAG_NAMES``.
        families: family of each, shape (chunks,).
        kinds: kind of each within its family, shape (chunks,).

    """

    features: NDArray[np.float64]
    tags: NDArray[np.float32]
    families: NDArray[np.str_]
    kinds: NDArray[np.str_]


def extract(
    seed: int,
    numbers: Mapping[Family, int] = CLIPS,
    kinds: Collection[str] | None = None,
    tagger: Tagger | None = None,
    recordings: Iterable[NDArray[np.float32]] = (),
) -> Sounds:
    """Synthesize sounds and send them through the chain that every track goes through.

    Recordings of music, where there are any, are heard as if in rooms and by telephone,
    which spares such music from being taken for speech.

    Args:
        seed: seed of the sounds.
        numbers: clips of each kind, by family, each of one chunk.
        kinds: which kinds to make; all where it is left out.
        tagger: the tagger, where one is loaded already.
        recordings: chunks of music, each as ``analyse_chunk`` takes it and none silent.

    Raises:
        DataError: there is nothing to make.
        SpeechError: speech is asked for and espeak-ng is not there.

    """
    tagger = tagger or Tagger.load()
    heard = [*_heard(seed, numbers, kinds, tagger), *_placed(seed, recordings, tagger)]
    if not heard:
        raise DataError("No kind of sound is asked for.")
    features, tags, families, names = zip(*heard, strict=True)
    return Sounds(np.stack(features), np.stack(tags), np.array(families), np.array(names))


def fit_music_detector(
    features: NDArray[np.float64],
    tags: NDArray[np.floating],
    tracks: NDArray[np.str_],
    seed: int,
    *,
    sounds: Sounds | None = None,
) -> MusicDetectorParameters:
    """Fit the music detector.

    Args:
        features: shape (n, 57), chunks of music, columns as ``FEATURE_NAMES``.
        tags: shape (n, 50), their tags, columns as ``TAG_NAMES``; rows with NaN are left out.
        tracks: shape (n,), each chunk's track; every track counts the same.
        seed: seed of the sounds that are synthesized.
        sounds: what ``extract`` gives; synthesized where it is left out, which takes a while.

    Raises:
        DataError: there is no music, or a family of sounds is missing.
        SpeechError: espeak-ng is not there to read aloud.

    """
    known = ~np.isnan(tags).any(axis=1)
    if not known.any():
        raise DataError("The music detector cannot be fitted without music that has tags.")
    sounds = extract(seed) if sounds is None else sounds
    if missing := sorted(set(FAMILIES) - set(sounds.families.tolist())):
        raise DataError(f"The music detector has nothing to learn from for: {', '.join(missing)}.")
    columns = tuple(name for name in COLUMN_NAMES if name not in LEFT_OUT)
    places = [COLUMN_NAMES.index(name) for name in columns]
    music = columns_of(features[known], tags[known])[:, places]
    others = columns_of(sounds.features, sounds.tags)[:, places]
    # Rounded before the fit, so that the weights belong to what is written.
    means = _rounded(music.mean(axis=0))
    scales = _rounded(np.maximum(music.std(axis=0), 10.0**-_DIGITS))
    table = np.clip((np.vstack((music, others)) - means) / scales, -BOUND, BOUND)
    labels = np.concatenate((np.full(len(music), "music"), sounds.families))
    real = track_weights(tracks[known]) * (1 - TUNES_SHARE) / len(music)
    weights, bias = _regression(table, labels, np.concatenate((real, _weights(sounds.families))))
    return MusicDetectorParameters(
        columns=columns,
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        bound=BOUND,
        weights=tuple(tuple(row) for row in _rounded(weights).tolist()),
        bias=tuple(_rounded(bias).tolist()),
    )


def _regression(
    table: NDArray[np.float64], labels: NDArray[np.str_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit weights, shape (4, columns), and biases, shape (4,), in the order of ``FAMILIES``."""
    model = LogisticRegression(C=PENALTY, max_iter=5000, tol=1e-6)
    # For matrices this small threads of the linear algebra wait for each other: on a busy
    # machine a fit takes a hundred times as long with them.
    with threadpool_limits(1):
        model.fit(table, labels, sample_weight=weights)
    order = [model.classes_.tolist().index(family) for family in FAMILIES]
    return model.coef_[order], model.intercept_[order]


def _heard(
    seed: int, numbers: Mapping[Family, int], kinds: Collection[str] | None, tagger: Tagger
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float32], str, str]]:
    for clip in clips(seed, numbers, 1, kinds):
        yield *_chain(clip.samples[0], tagger), clip.family, clip.kind


def _placed(
    seed: int, recordings: Iterable[NDArray[np.float32]], tagger: Tagger
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float32], str, str]]:
    rng = np.random.default_rng(seed)
    for samples in recordings:
        heard = levelled(placed(rng, samples.astype(np.float64)), PLACED_DBFS)
        yield *_chain(heard, tagger), "music", "recording"


def _chain(
    samples: NDArray[np.float32], tagger: Tagger
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    return analyse_chunk(samples).features, chunk_tags(tagger, samples)


def _weights(families: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weigh sounds so that each family adds up to 1, but tunes only to their share."""
    weights = np.empty(len(families))
    for family in FAMILIES:
        share = TUNES_SHARE if family == "music" else 1.0
        weights[families == family] = share / max(1, (families == family).sum())
    return weights


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep six digits that count: a sidecar is read by people too."""
    texts = [f"{value:.{_DIGITS}g}" for value in values.ravel().tolist()]
    return np.array(texts, np.float64).reshape(values.shape)
