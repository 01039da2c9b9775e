"""How a picture network learns, every improvement a switch of its own."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from shared.domain.genres import GENRES
from training.study.pictures.augment import crop, mask, mix
from training.study.pictures.net import PoolingNet, reference_net

Images = NDArray[np.float32]

_EPS: Final = 1e-3


@dataclass(frozen=True)
class Plan:
    """A version of the training. The defaults are the reference's.

    ``crop_frames`` is the length of the random pieces to learn from, 0 for the whole
    picture; ``mixup`` the parameter of the beta distribution that pictures are mixed
    by, 0 for none.
    """

    epochs: int = 6
    batch: int = 32
    rate: float = 1e-3
    standardise: bool = False
    pooling: bool = False
    crop_frames: int = 0
    one_cycle: bool = False
    spec_augment: bool = False
    label_smoothing: float = 0.0
    class_weights: float = 0.0
    mixup: float = 0.0
    weight_decay: float = 0.0


def learn(
    plan: Plan,
    pictures: Images,
    codes: NDArray[np.int64],
    *,
    seed: int,
) -> "Seeing":
    """Train a network on pictures.

    Args:
        plan: how.
        pictures: shape (n, 64, 320).
        codes: place in ``GENRES`` of each picture, shape (n,).
        seed: seed of the weights, the order and the augmentation.

    """
    torch.manual_seed(seed)
    net = PoolingNet() if plan.pooling else reference_net()
    seeing = Seeing(net, plan, pictures)
    inputs, targets = seeing.inputs(pictures), torch.from_numpy(codes)
    weights = _class_weights(targets, plan.class_weights)
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.weight_decay)
    steps = plan.epochs * (len(inputs) // plan.batch)
    schedule = (
        torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=plan.rate, total_steps=steps)
        if plan.one_cycle
        else None
    )
    for _ in range(plan.epochs):
        net.train()
        order = torch.randperm(len(inputs))
        # A last small batch would make for noisy batch norms; its pictures come next time.
        for at in range(0, len(inputs) - plan.batch + 1, plan.batch):
            chosen = order[at : at + plan.batch]
            optimiser.zero_grad()
            loss = _loss(plan, net, inputs[chosen], targets[chosen], weights)
            loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
            optimiser.step()
            if schedule:
                schedule.step()
    return seeing


class Seeing:
    """A network with the scaling that it learned with."""

    def __init__(self, net: nn.Module, plan: Plan, learned: Images) -> None:
        self._net = net
        self._plan = plan
        # By band: each has its own loudness, and what matters is what differs from it.
        self._mean = learned.mean(axis=(0, 2), keepdims=True) if plan.standardise else 0.0
        self._spread = learned.std(axis=(0, 2), keepdims=True) + _EPS if plan.standardise else 1.0

    def inputs(self, pictures: Images) -> Tensor:
        """Return what the network sees, shape (n, 1, 64, 320)."""
        scaled = (pictures - self._mean) / self._spread
        return torch.from_numpy(np.asarray(scaled, np.float32))[:, None]

    def probabilities(self, pictures: Images) -> NDArray[np.float64]:
        """Return shape (n, 10), columns as ``GENRES``.

        A network that learned from pieces is asked about overlapping ones of the same
        length, and its answers are averaged.
        """
        inputs = self.inputs(pictures)
        frames = self._plan.crop_frames or inputs.shape[3]
        starts = range(0, inputs.shape[3] - frames + 1, max(1, frames // 2))
        self._net.eval()
        with torch.inference_mode():
            answers = [self._net(inputs[..., at : at + frames]).softmax(dim=1) for at in starts]
        found: NDArray[np.float64] = torch.stack(answers).mean(dim=0).double().numpy()
        return found


def _loss(plan: Plan, net: nn.Module, pictures: Tensor, codes: Tensor, weights: Tensor) -> Tensor:
    """Return the cross-entropy of a batch, pictures varied as the plan says."""
    if plan.crop_frames:
        pictures = crop(pictures, plan.crop_frames)
    if plan.spec_augment:
        pictures = mask(pictures)
    targets = one_hot(codes, len(GENRES)).float()
    if plan.mixup:
        pictures, targets = mix(pictures, targets, plan.mixup)
    loss: Tensor = cross_entropy(
        net(pictures), targets, weight=weights, label_smoothing=plan.label_smoothing
    )
    return loss


def _class_weights(codes: Tensor, strength: float) -> Tensor:
    """Weigh genres by a power of how rare they are: 0 not at all, 1 in full."""
    counts = torch.bincount(codes, minlength=len(GENRES)).clamp(min=1).float()
    weights = (counts.sum() / counts) ** strength
    return weights / weights[codes].mean()
