"""Running medians of ``HPSS_KERNEL`` values, by minima and maxima of whole arrays.

Sixteen neighbouring windows have sixteen values in common. These are sorted; then the windows
are halved, and halved again, and what each half has in common beyond that is merged in. After
each merge only those places are kept in which the median can still lie: of 16 values 8, then 4,
2 and 1. What is merged in has been sorted on the way to the neighbours' sixteen. After Adams,
"Fast median filters using separable sorting networks" (SIGGRAPH 2021), in one dimension: 26
minima and maxima for each value, and exactly what ``scipy.ndimage.median_filter`` gives.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.music.constants import HPSS_KERNEL

Values = NDArray[np.float32]

_HALF_KERNEL: Final = HPSS_KERNEL // 2
_TILE: Final = (HPSS_KERNEL + 1) // 2
"""Windows worked out together, and values that they have in common: a power of two."""

_EXTREMA: Final = {"min": np.minimum, "max": np.maximum}


def running_median(values: Values) -> Values:
    """Return the median of HPSS_KERNEL neighbours along the first axis.

    Args:
        values: shape (n, m) with n at least half a kernel, mirrored at both ends (the
            edge value repeated). A transposed array takes little longer.

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
    """Lay mirrored values out in tiles, one before the first and one behind the last.

    Returns:
        Shape (tiles + 2, _TILE, m). The window of value k of a tile begins at value k + 1 of
        the tile before, so a tile's windows have the tile itself in common.

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
    """Where an operand lies."""

    source: str
    """"given", "median" or "scratch"."""
    row: int
    tile: int | None
    """0, 1 or 2 for that of the tile before, the tile itself, the tile behind; None for all."""


class _Program(NamedTuple):
    """The network, put in an order in which few results have to be kept."""

    places: list[_Place]
    steps: list[tuple[str, int, int, int]]
    """"min" or "max", and the places of both operands and of the result."""
    scratch: int
    """Rows of scratch."""


class _Network:
    """Minima and maxima, each worked out once; its nodes are numbered."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}

    def add(self, kind: str, one: int, other: int = 0) -> int:
        """Return the number of a node.

        Kinds are "given" (which value of each tile), "min" and "max" (of two nodes), and "of"
        (a node, for the tile before, the tile itself or the tile behind: 0, 1, 2).
        """
        return self._numbers.setdefault((kind, one, other), len(self._numbers))

    def merge(self, one: list[int], other: list[int]) -> list[int]:
        """Put two sorted runs in order by Batcher's odd-even merge."""
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
        """Return the nodes that results are made of, in an order in which they can be made."""
        nodes, wanted = list(self._numbers), set(results)
        for number in reversed(range(len(nodes))):
            kind, one, other = nodes[number]
            if number in wanted and kind != "given":
                wanted |= {one} if kind == "of" else {one, other}
        return {number: nodes[number] for number in sorted(wanted)}


def _network() -> tuple[_Network, list[int]]:
    """Build the network, and return it with the medians of a tile's windows."""
    network = _Network()
    runs = {1: [[network.add("given", row)] for row in range(_TILE)]}
    size = 1
    while size < _TILE:
        halves = iter(runs[size])
        size *= 2
        runs[size] = [network.merge(*pair) for pair in zip(halves, halves, strict=True)]
    medians = [0] * _TILE

    def narrow(first: int, size: int, kept: list[int]) -> None:
        """Go on from where the median of some windows can lie in what they have in common."""
        if size == 1:
            [medians[first]] = kept
            return
        half = size // 2
        for start, tile, at in ((first, 0, first + half), (first + half, 2, first)):
            more = [network.add("of", node, tile) for node in runs[half][at // half]]
            narrow(start, half, network.merge(kept, more)[half:size])

    narrow(0, _TILE, [network.add("of", node, 1) for node in runs[_TILE][0]])
    return network, medians


@lru_cache(maxsize=1)
def _program() -> _Program:
    """Give each result of the network a row of scratch, which is free again after its last use."""
    network, medians = _network()
    nodes = network.needed(medians)
    # What a node "of" stands for has the row; the node itself only says of which tile.
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
