"""A track of our own for the demo: four parts that sound as unlike as plain synthesis allows.

Nothing recorded is shipped, so the demo plays its own music: a slow arpeggio, a four-on-the-
floor beat, distorted power chords, and an off-beat skank over a heavy bass.
"""

import io
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]

RATE: Final = 44_100
"""Sample rate of the composed track, in hertz."""
PART_SECONDS: Final = 15
MP3_BIT_RATE: Final = 128_000
_FRAME: Final = 1152  # samples in an MP3 frame


def compose(seed: int = 7) -> bytes:
    """Compose the demo's track.

    Returns:
        A stereo MP3 of one minute.

    """
    rng = np.random.default_rng(seed)
    parts = [_arpeggio(), _disco(rng), _metal(rng), _reggae(rng)]
    mono = np.concatenate([part / np.abs(part).max() * 0.8 for part in parts])
    delayed = np.concatenate([np.zeros(RATE // 90), mono])[: mono.size]  # a little width
    return _mp3(np.stack([mono, 0.7 * mono + 0.3 * delayed]).astype(np.float32))


def _seconds(length: float) -> Sound:
    return np.arange(round(length * RATE)) / RATE


def _note(midi: float, length: float, partials: tuple[float, ...], decay: float) -> Sound:
    """Sum harmonics of falling strength under a decaying envelope."""
    t = _seconds(length)
    base = 2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * t
    tone = sum(a * np.sin(base * (k + 1)) for k, a in enumerate(partials))
    return np.asarray(tone) * np.exp(-t / decay) * np.minimum(1, t / 0.005)


def _drum(rng: np.random.Generator, *, low: float, noise: float, decay: float) -> Sound:
    t = _seconds(0.35)
    body = np.sin(2 * np.pi * low * t * np.exp(-t * 6)) if low else 0.0
    return (body + noise * rng.standard_normal(t.size)) * np.exp(-t / decay)


def _mix(track: Sound, sound: Sound, at_s: float, gain: float = 1.0) -> None:
    start = round(at_s * RATE)
    end = min(track.size, start + sound.size)
    if end > start:
        track[start:end] += gain * sound[: end - start]


def _blank() -> Sound:
    return np.zeros(PART_SECONDS * RATE)


def _arpeggio() -> Sound:
    track, strings = _blank(), (1, 0.5, 0.3, 0.15, 0.08)
    chords = [(48, 60, 64, 67), (45, 57, 60, 64), (41, 57, 60, 65), (43, 59, 62, 67)]
    for bar in range(8):
        chord = chords[bar % 4]
        for i, step in enumerate((0, 1, 2, 3, 2, 1)):
            _mix(track, _note(chord[step] + 12 * (i > 2), 2.2, strings, 0.9), bar * 1.9 + i * 0.31)  # noqa: PLR2004
    return track


def _disco(rng: np.random.Generator) -> Sound:
    track, beat = _blank(), 60 / 120
    kick = _drum(rng, low=90, noise=0, decay=0.12)
    clap = _drum(rng, low=0, noise=0.7, decay=0.06)
    hat = _drum(rng, low=0, noise=0.4, decay=0.03)
    for i in range(int(PART_SECONDS / beat)):
        at, root = i * beat, (45, 45, 48, 43)[i // 4 % 4]
        _mix(track, kick, at)
        _mix(track, hat, at + beat / 2, 0.8)
        _mix(track, clap, at, 0.6 * (i % 2))
        for half in (0, 1):
            bass = _note(root - 12 + 12 * half, 0.24, (1, 0.6, 0.4, 0.2), 0.2)
            _mix(track, bass, at + half * beat / 2, 0.8)
        for third in (0, 3, 7):
            stab = _note(root + 24 + third, 0.2, (1, 0.7, 0.5, 0.4), 0.1)
            _mix(track, stab, at + beat / 2, 0.25)
    return track


def _metal(rng: np.random.Generator) -> Sound:
    track, beat = _blank(), 60 / 170
    kick = _drum(rng, low=70, noise=0.1, decay=0.06)
    snare = _drum(rng, low=180, noise=0.9, decay=0.1)
    for i in range(int(PART_SECONDS / beat)):
        root = (40, 40, 43, 41, 40, 46, 45, 41)[i // 2 % 8]
        chord = sum(
            _note(root + interval, beat, (1, 0.8, 0.6, 0.5), 2.0) for interval in (0, 7, 12)
        )
        _mix(track, np.tanh(12 * np.asarray(chord)), i * beat, 0.55)
        for quarter in range(4):
            _mix(track, kick, (i + quarter / 4) * beat, 0.7)
        _mix(track, snare, i * beat, 0.8 * (i % 2))
    return track + 0.02 * rng.standard_normal(track.size)


def _reggae(rng: np.random.Generator) -> Sound:
    track, beat = _blank(), 60 / 76
    drop = _drum(rng, low=60, noise=0.15, decay=0.15)
    rim = _drum(rng, low=400, noise=0.2, decay=0.03)
    for i in range(int(PART_SECONDS / beat)):
        root = (45, 45, 50, 50)[i // 4 % 4]
        for third in (0, 3, 7):
            skank = _note(root + 24 + third, 0.14, (1, 0.4, 0.3, 0.1), 0.06)
            _mix(track, skank, (i + 0.5) * beat, 0.4)
        line = (0, 0, 7, 10)[i % 4]
        _mix(track, _note(root - 12 + line, beat * 0.9, (1, 0.25), 0.5), i * beat, 1.2)
        if i % 4 == 2:  # noqa: PLR2004 - the one drop: the third beat alone
            _mix(track, drop, i * beat)
        _mix(track, rim, i * beat, 0.3)
    return track


def _mp3(stereo: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        container.metadata["title"] = "Four Ways Home"
        stream = container.add_stream("mp3", rate=RATE, layout="stereo", format="fltp")
        stream.bit_rate = MP3_BIT_RATE
        for start in range(0, stereo.shape[1], _FRAME):
            block = np.ascontiguousarray(stereo[:, start : start + _FRAME])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
