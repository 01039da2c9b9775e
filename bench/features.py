"""Features of a chunk: ours against one plain librosa call per feature."""

import io
from itertools import cycle

from bench.figures import Figure, in_turn
from services.local.composer import compose
from shared.music.chunks import chunks
from shared.music.constants import CHUNK_SAMPLES
from shared.music.decode import decode
from shared.music.features import analyse_chunk, warm_up
from tests.music.reference_recipe import reference_features

ROUNDS = 40


def measure() -> list[Figure]:
    """Time both on the same chunks in turn, in CPU time of one thread."""
    track = io.BytesIO(compose())
    pieces = [samples for samples, _, _ in chunks(decode(track, max_duration_s=600))]
    warm_up()
    reference_features(pieces[0][:CHUNK_SAMPLES])
    ours_of, theirs_of = cycle(pieces), cycle(pieces)
    ours, theirs, ratio = in_turn(
        lambda: analyse_chunk(next(ours_of)),
        lambda: reference_features(next(theirs_of)[:CHUNK_SAMPLES]),
        ROUNDS,
    )
    return [
        Figure("features of a 3-s chunk, CPU", ours * 1000, "ms"),
        Figure("the same by plain librosa, CPU", theirs * 1000, "ms"),
        Figure("plain librosa / ours", ratio, "times"),
        Figure("features, seconds of music per CPU second", 3 / ours, "times"),
    ]
