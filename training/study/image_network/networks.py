"""Two networks: the reference's, and one for images of any length."""

import itertools
from typing import Final

import torch
from torch import Tensor, nn

from shared.domain.genres import GENRES
from training.study.image_network.images import BANDS, FRAMES

_KERNEL: Final = 3
_STEM: Final = 5
_POOLED: Final = (16, 32, 64, 96)


def reference_network() -> nn.Module:
    """Build the reference: three convolutions, three linear layers, batch norm.

    Takes images of shape (n, 1, 64, 320), returns scores of shape (n, 10).
    """
    channels = (1, 8, 16, 32)
    shrink = 2 ** (len(channels) - 1)
    flat = channels[-1] * (BANDS // shrink) * (FRAMES // shrink)
    return nn.Sequential(
        *_blocks(channels),
        nn.Flatten(),
        nn.Linear(flat, 128),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        nn.Linear(64, len(GENRES)),
    )


class PoolingNetwork(nn.Module):
    """Convolutions, then mean and maximum over time.

    Pooling over time keeps the frequency of an event and drops its time, and leaves few
    weights to overfit. Takes images of shape (n, 1, 64, at least 16), returns scores of
    shape (n, 10).
    """

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        # A stride here, before there are many maps, cuts the time to a third.
        stem = nn.Conv2d(1, _POOLED[0], _STEM, stride=2, padding=_STEM // 2, bias=False)
        self._features = nn.Sequential(
            stem, nn.BatchNorm2d(_POOLED[0]), nn.ReLU(), *_blocks(_POOLED)
        )
        # The fastest order for convolutions on a CPU.
        self._features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        heights = BANDS // 2 ** len(_POOLED)
        self._head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(2 * heights * _POOLED[-1], len(GENRES))
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return scores of images, shape (n, 10)."""
        maps = self._features(images.to(memory_format=torch.channels_last))
        pooled = torch.cat([maps.mean(dim=3), maps.amax(dim=3)], dim=1)
        scores: Tensor = self._head(pooled.flatten(1))
        return scores


def _blocks(channels: tuple[int, ...]) -> list[nn.Module]:
    return [
        layer
        for narrow, wide in itertools.pairwise(channels)
        for layer in (
            nn.Conv2d(narrow, wide, _KERNEL, padding="same", bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
    ]
