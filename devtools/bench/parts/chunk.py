"""Part ``chunk``: time of one chunk of 3 s, by group of features, against plain librosa."""

import io
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from devtools.bench import sample_tracks
from devtools.bench.report.figures import Figure, Spread, cpu_s
from devtools.bench.scale import Scale
from shared.music.chunking import chunks
from shared.music.constants import CHUNK_SAMPLES, CHUNK_SECONDS, WINDOW_CHUNKS
from shared.music.decoding.decoder import decode
from shared.music.features import chroma, engine, fast, reference, rhythm, spectra, spectral
from shared.music.features.fast import analyse_chunk
from shared.music.features.hpss import hpss
from shared.music.features.spectra import Spectra
from shared.music.features.table import FEATURE_NAMES
from shared.music.model.classifier import GenreModel
from shared.music.tagging import chunk_tags, tagger
from shared.music.tagging.tagger import Tagger
from tests.shared.music.golden import golden

Samples = NDArray[np.float32]
Timed = Callable[[], object]

FEATURES_MS: Final = 18.0
FASTER: Final = 11.0
DEVIATION: Final = 1e-5
MOST_CHUNKS: Final = sample_tracks.VARIATIONS * sample_tracks.MINUTE_S // CHUNK_SECONDS
TRACK_CHUNKS: Final = 80
"""A track of four minutes."""

ABOUT: Final = """\
CPU time of one thread (`OMP_NUM_THREADS=1` and likewise), the median over chunks of a composed
track; all functions run on one chunk before the next one, so that a change of the machine's speed
affects them alike. The groups call the product's own functions; the plain loop is
`features/reference.py`, one librosa call per feature. Groups that start from spectra do
not count them again; the whole set also takes means and variances. Deviations are in standard
deviations of the published GTZAN table."""


def measure(scale: Scale) -> list[Figure]:
    """Time the features, the tags and the model, and compare the features with librosa's."""
    engine.compile_librosa()
    samples = list(islice(_sample_chunks(), max(scale.rounds, scale.compared)))
    known = Tagger.load()
    fast.warm_up()
    chunk_tags.warm_up(known)
    reference.warm_up()
    times = _times([_timed_functions(chunk, known) for chunk in samples[: scale.rounds]])
    return [
        *_group_figures(times),
        *_whole_figures(times),
        _worst_deviation(samples[: scale.compared]),
        *_model_figures(samples, known),
    ]


def _sample_chunks() -> Iterator[Samples]:
    """Yield chunks of CHUNK_SAMPLES; consecutive ones are from different parts of a minute."""
    track = sample_tracks.track(sample_tracks.VARIATIONS * sample_tracks.MINUTE_S)
    loaded = [
        chunk[:CHUNK_SAMPLES]
        for chunk, _, _ in chunks(decode(io.BytesIO(track), max_duration_s=600))
    ]
    # 7 and the number of chunks are coprime: every chunk comes once.
    yield from (loaded[7 * n % MOST_CHUNKS] for n in range(MOST_CHUNKS))


def _timed_functions(chunk: Samples, known: Tagger) -> dict[str, Timed]:
    """Return the functions to time on a chunk; inputs of each group are prepared before."""
    own = Spectra.of(chunk)
    patch = tagger.chunk_patch(chunk)
    onsets_of = rhythm.onset_strength
    return {
        "STFT, magnitude, power": lambda: _transforms(own.padded),
        "mel and MFCC": lambda: _cepstrum(own.power),
        "chroma": lambda: chroma.chroma_stft(own.power),
        "RMS": lambda: spectral.rms(own.padded),
        "centroid and bandwidth": lambda: spectral.spectral_centroid_and_bandwidth(own.magnitude),
        "rolloff": lambda: spectral.spectral_rolloff(own.magnitude),
        "zero crossings": lambda: spectral.zero_crossing_rate(chunk),
        "HPSS": lambda: hpss(chunk, own),
        "tempo": lambda: rhythm.tempo(onsets_of(own.mel_db)),
        "all": lambda: analyse_chunk(chunk),
        "plain": lambda: reference.analyse_chunk(chunk),
        "patch": lambda: tagger.chunk_patch(chunk),
        "network": lambda: known.tag_patches(patch[None]),
        "tags": lambda: chunk_tags.chunk_tags(known, chunk),
    }


def _transforms(padded: Samples) -> Samples:
    magnitude: Samples = np.abs(spectra.stft(padded))
    return np.square(magnitude)


def _cepstrum(power: Samples) -> Samples:
    return spectral.mfcc(spectra.power_to_db(spectra.melspectrogram(power)))


def _times(rounds: list[dict[str, Timed]]) -> dict[str, list[float]]:
    """Time every function on every chunk, in milliseconds of CPU, after a warm-up."""
    for step in rounds[0].values():
        step()
    taken = [{name: cpu_s(step) * 1000 for name, step in steps.items()} for steps in rounds]
    return {name: [times[name] for times in taken] for name in rounds[0]}


_WHOLE: Final = ("all", "plain", "patch", "network", "tags")


def _group_figures(times: dict[str, list[float]]) -> Iterator[Figure]:
    for name, values in times.items():
        if name not in _WHOLE:
            yield Figure(name, median(values), "ms")


def _whole_figures(times: dict[str, list[float]]) -> Iterator[Figure]:
    ours, plain = Spread.of(times["all"]), Spread.of(times["plain"])
    ratio = median(b / a for a, b in zip(times["all"], times["plain"], strict=True))
    yield Figure("57 features", ours.median, "ms", FEATURES_MS)
    yield Figure("57 features, 95th percentile", ours.p95, "ms")
    yield Figure("plain loop of librosa calls", plain.median, "ms")
    yield Figure("plain loop / 57 features", ratio, "times", FASTER, "at least")
    yield Figure("tags: resampling and mel", median(times["patch"]), "ms")
    yield Figure("tags: network", median(times["network"]), "ms")
    yield Figure("tags", median(times["tags"]), "ms", note="with levelling")


def _worst_deviation(samples: list[Samples]) -> Figure:
    """Compare each feature of each chunk with plain librosa's."""
    _, published_sd, _ = golden()
    off = np.stack(
        [
            np.abs(analyse_chunk(p).features - reference.analyse_chunk(p).features) / published_sd
            for p in samples
        ]
    )
    place, column = np.unravel_index(off.argmax(), off.shape)
    return Figure(
        "largest deviation from plain librosa",
        float(off[place, column]),
        "standard deviations",
        DEVIATION,
        note=f"{FEATURE_NAMES[column]}, over {len(samples)} chunks",
    )


def _model_figures(samples: list[Samples], known: Tagger) -> Iterator[Figure]:
    """Time the model on a track of half a minute and one of four minutes."""
    model = GenreModel.load()
    some = samples[:WINDOW_CHUNKS]
    table: Any = np.stack([analyse_chunk(chunk).features for chunk in some])
    likely = np.stack([known.tag_chunk(chunk) for chunk in some])
    for length in (WINDOW_CHUNKS, TRACK_CHUNKS):
        rows = list(islice(cycle(range(len(some))), length))
        model.predict_track(table[rows], likely[rows])
        taken = [cpu_s(lambda: model.predict_track(table[rows], likely[rows])) for _ in range(9)]  # noqa: B023 - called at once
        name = f"model, per chunk of a track of {length}"
        yield Figure(name, median(taken) * 1000 / length, "ms")
