"""Running medians of ``HPSS_KERNEL`` values, by minima and maxima of whole arrays.

Sixteen neighbouring kernels have sixteen values in common, which are sorted once. The sixteen
kernels are then halved repeatedly, and the further values that a half has in common are merged
into the sorted list. After each merge only the ranks are kept at which the median can still be: of
16 values 8, then 4, 2 and 1. The values to merge are sorted already, as parts of the neighbouring
tiles. After Adams, "Fast median filters using separable sorting networks" (SIGGRAPH 2021), in one
dimension: 26 minima and maxima per value, and the values of ``scipy.ndimage.median_filter``.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import HPSS_KERNEL

Values = NDArray[np.float32]

_HALF_KERNEL: Final = HPSS_KERNEL // 2
_TILE: Final = (HPSS_KERNEL + 1) // 2
"""Number of kernels computed together, and of values that they have in common: a power of two."""

_EXTREMA: Final = {"min": np.minimum, "max": np.maximum}


def running_median(values: Values) -> Values:
    """Return the running median of HPSS_KERNEL values along the first axis.

    Args:
        values: shape (n, m), n at least half a kernel. Beyond both ends the values are
            mirrored, the edge value repeated. A transposed array takes little longer.

    Returns:
        Shape (n, m).

    """
    count, columns = values.shape
    given = _tiles(values)
    tiles = len(given) - 2
    medians = np.empty((tiles, _TILE, columns), np.float32)
    program = _program()
    rows = {
        "given": given.swapaxes(0, 1),
        "scratch": np.empty((program.scratch, len(given), columns), np.float32),
        "median": medians.swapaxes(0, 1),
    }
    views = []
    for source, row, tile in program.places:
        whole = rows[source][row]
        views.append(whole if tile is None else whole[tile : tile + tiles])
    for kind, one, other, result in program.steps:
        _EXTREMA[kind](views[one], views[other], out=views[result])
    return medians.reshape(-1, columns)[:count]


def _tiles(values: Values) -> Values:
    """Cut the mirrored values into tiles, with one more tile at each end.

    Returns:
        Shape (tiles + 2, _TILE, m). The kernel around value k of a tile begins at value k + 1
        of the tile before, so all kernels of a tile contain the tile itself.

    """
    count, columns = values.shape
    tiles = -(-count // _TILE) + 2
    laid = np.zeros((tiles * _TILE, columns), np.float32)
    end = _TILE + count
    laid[_TILE - _HALF_KERNEL : _TILE] = values[:_HALF_KERNEL][::-1]
    laid[_TILE:end] = values
    laid[end : end + _HALF_KERNEL] = values[-_HALF_KERNEL:][::-1]
    return laid.reshape(tiles, _TILE, columns)


class _Place(NamedTuple):
    """Where an operand is stored."""

    source: str
    """"given", "median" or "scratch"."""
    row: int
    tile: int | None
    """0, 1 or 2 for the tile before, the tile itself or the tile after it; None for all tiles."""


class _Program(NamedTuple):
    """The network as a sequence of steps, ordered so that few results are kept at once."""

    places: list[_Place]
    steps: list[tuple[str, int, int, int]]
    """"min" or "max", and the places of both operands and of the result."""
    scratch: int
    """Rows of scratch."""


class _Network:
    """Minima and maxima, each computed once; its nodes are numbered."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}

    def add(self, kind: str, one: int, other: int = 0) -> int:
        """Return the number of a node.

        Kinds are "given" (the value at a position of each tile), "min" and "max" (of two
        nodes), and "of" (a node of the tile before, the tile itself or the tile after it:
        0, 1, 2).
        """
        return self._numbers.setdefault((kind, one, other), len(self._numbers))

    def merge(self, one: list[int], other: list[int]) -> list[int]:
        """Merge two sorted lists by Batcher's odd-even merge."""
        if not one or not other:
            return one + other
        if len(one) == len(other) == 1:
            return [self.add("min", one[0], other[0]), self.add("max", one[0], other[0])]
        even, odd = self.merge(one[::2], other[::2]), self.merge(one[1::2], other[1::2])
        merged = even[:1]
        for pair in zip(odd, even[1:], strict=False):
            merged += [self.add("min", *pair), self.add("max", *pair)]
        return merged + odd[len(even) - 1 :]

    def needed(self, results: list[int]) -> dict[int, tuple[str, int, int]]:
        """Return the nodes that the results depend on, in an order of computation."""
        nodes, wanted = list(self._numbers), set(results)
        for number in reversed(range(len(nodes))):
            kind, one, other = nodes[number]
            if number in wanted and kind != "given":
                wanted |= {one} if kind == "of" else {one, other}
        return {number: nodes[number] for number in sorted(wanted)}


def _network() -> tuple[_Network, list[int]]:
    """Build the network, and return it with the medians of a tile's kernels."""
    network = _Network()
    ordered = {1: [[network.add("given", row)] for row in range(_TILE)]}
    size = 1
    while size < _TILE:
        halves = iter(ordered[size])
        size *= 2
        ordered[size] = [network.merge(*pair) for pair in zip(halves, halves, strict=True)]
    medians = [0] * _TILE

    def narrow(first: int, size: int, kept: list[int]) -> None:
        """Find the medians of kernels ``first`` to ``first + size``, given their candidates."""
        if size == 1:
            [medians[first]] = kept
            return
        half = size // 2
        for start, tile, at in ((first, 0, first + half), (first + half, 2, first)):
            more = [network.add("of", node, tile) for node in ordered[half][at // half]]
            narrow(start, half, network.merge(kept, more)[half:size])

    narrow(0, _TILE, [network.add("of", node, 1) for node in ordered[_TILE][0]])
    return network, medians


@lru_cache(maxsize=1)
def _program() -> _Program:
    """Assign a row of scratch to each result, to be reused after the result's last use."""
    network, medians = _network()
    nodes = network.needed(medians)
    # A node "of" refers to another node's row in one tile; it has no row of its own.
    row_of = {number: one if kind == "of" else number for number, (kind, one, _) in nodes.items()}
    extrema = {number: pair for number, (kind, *pair) in nodes.items() if kind in _EXTREMA}
    last = {row_of[one]: number for number, pair in extrema.items() for one in pair}
    places: dict[_Place, int] = {}
    rows: dict[int, _Place] = {}
    steps, free, scratch = [], list[int](), 0
    for number, (kind, one, other) in nodes.items():
        if kind == "given":
            rows[number] = _Place("given", one, None)
        elif kind == "of":
            rows[number] = rows[one]._replace(tile=other)
        elif number in medians:
            rows[number] = _Place("median", medians.index(number), None)
        else:
            if not free:
                free, scratch = [scratch], scratch + 1
            tiles = {rows[one].tile, rows[other].tile}
            rows[number] = _Place("scratch", free.pop(), None if tiles == {None} else 0)
        if kind in _EXTREMA:
            first, second, result = (
                places.setdefault(rows[node], len(places)) for node in (one, other, number)
            )
            steps.append((kind, first, second, result))
            ended = {row_of[one], row_of[other]}
            free += [
                rows[end].row
                for end in sorted(ended)
                if last[end] == number and rows[end].source == "scratch"
            ]
    return _Program(list(places), steps, scratch)
