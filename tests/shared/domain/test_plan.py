"""Plans: every chunk is in one segment."""

import pytest

from shared.domain.plan import Plan


@pytest.mark.parametrize(
    ("n_chunks", "per_segment", "segments"), [(1, 20, 1), (20, 20, 1), (21, 20, 2), (400, 1, 400)]
)
def test_a_plan_covers_every_chunk_once(n_chunks: int, per_segment: int, segments: int) -> None:
    """The last segment takes the rest, and no segment is empty."""
    plan = Plan.of(
        duration_s=3.0 * n_chunks, n_chunks=n_chunks, segment_chunks=per_segment, columns=4
    )
    assert plan.n_segments == segments
    assert (segments - 1) * per_segment < n_chunks <= segments * per_segment
