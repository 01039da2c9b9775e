"""Pictures made different without making them another genre."""

from typing import Final

import torch
from torch import Tensor

_BAND_MASK: Final = 10
_TIME_MASK: Final = 24
_MASKS: Final = 2


def crop(pictures: Tensor, frames: int) -> Tensor:
    """Cut a piece of each picture at a random time, shape (n, 1, bands, frames)."""
    latest = pictures.shape[3] - frames
    starts = torch.randint(0, latest + 1, (len(pictures),))
    return torch.stack(
        [picture[:, :, at : at + frames] for picture, at in zip(pictures, starts, strict=True)]
    )


def mask(pictures: Tensor) -> Tensor:
    """Blank two random stripes of bands and two of time in each picture.

    SpecAugment (Park et al. 2019) without its warping of time, which brought little.
    Stripes are up to 10 bands and 24 frames wide and get the value 0, the mean of
    standardised pictures.
    """
    count, _, bands, frames = pictures.shape
    for size, widest, shape in (
        (bands, _BAND_MASK, (count, 1, bands, 1)),
        (frames, min(_TIME_MASK, frames // 4), (count, 1, 1, frames)),
    ):
        for _ in range(_MASKS):
            width = torch.randint(0, widest + 1, (count, 1))
            start = (torch.rand(count, 1) * (size - width + 1)).long()
            place = torch.arange(size)
            hidden = (place >= start) & (place < start + width)
            pictures = pictures.masked_fill(hidden.reshape(shape), 0.0)
    return pictures


def mix(pictures: Tensor, targets: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Blend each picture, and its targets, with another one (mixup, Zhang et al. 2018).

    Args:
        pictures: shape (n, 1, bands, frames).
        targets: shares of the genres, shape (n, 10).
        strength: parameter of the symmetric beta distribution of the shares.

    """
    share = float(torch.distributions.Beta(strength, strength).sample())
    other = torch.randperm(len(pictures))
    return (
        share * pictures + (1 - share) * pictures[other],
        share * targets + (1 - share) * targets[other],
    )
