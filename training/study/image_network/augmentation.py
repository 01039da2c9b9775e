"""Augmentation of spectrogram images: crops, SpecAugment masks, mixup."""

from typing import Final

import torch
from torch import Tensor

_BAND_MASK: Final = 10
_TIME_MASK: Final = 24
_MASKS: Final = 2


def crop(images: Tensor, frames: int) -> Tensor:
    """Crop each image at a random time; the result has shape (n, 1, bands, frames)."""
    latest = images.shape[3] - frames
    starts = torch.randint(0, latest + 1, (len(images),))
    return torch.stack(
        [image[:, :, at : at + frames] for image, at in zip(images, starts, strict=True)]
    )


def mask(images: Tensor) -> Tensor:
    """Mask two random ranges of bands and two of time in each image.

    SpecAugment (Park et al. 2019) without time warping, which the authors found to help
    least. Masks are up to 10 bands and 24 frames wide and get the value 0, the mean of
    standardised images.
    """
    count, _, bands, frames = images.shape
    for size, widest, shape in (
        (bands, _BAND_MASK, (count, 1, bands, 1)),
        (frames, min(_TIME_MASK, frames // 4), (count, 1, 1, frames)),
    ):
        for _ in range(_MASKS):
            width = torch.randint(0, widest + 1, (count, 1))
            start = (torch.rand(count, 1) * (size - width + 1)).long()
            index = torch.arange(size)
            hidden = (index >= start) & (index < start + width)
            images = images.masked_fill(hidden.reshape(shape), 0.0)
    return images


def mix(images: Tensor, targets: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """SoftVote each image, and its targets, with another one (mixup, Zhang et al. 2018).

    Args:
        images: shape (n, 1, bands, frames).
        targets: probabilities of the genres, shape (n, 10).
        strength: parameter of the symmetric beta distribution of the mixing share.

    """
    share = float(torch.distributions.Beta(strength, strength).sample())
    other = torch.randperm(len(images))
    return (
        share * images + (1 - share) * images[other],
        share * targets + (1 - share) * targets[other],
    )
