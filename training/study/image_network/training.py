"""Training of an image network; each improvement is an option."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from shared.domain.genres import GENRES
from training.study.image_network.augmentation import crop, mask, mix
from training.study.image_network.networks import PoolingNetwork, reference_network

Images = NDArray[np.float32]

_EPSILON: Final = 1e-3


@dataclass(frozen=True)
class TrainingPlan:
    """Options of the training. The defaults are the reference's.

    ``crop_frames`` is the length of random crops, 0 for whole images; ``mixup`` the parameter
    of mixup's beta distribution, 0 for none.
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


def train_network(
    plan: TrainingPlan,
    pixels: Images,
    codes: NDArray[np.int64],
    *,
    seed: int,
) -> "TrainedNetwork":
    """Train a network on images.

    Args:
        plan: options.
        pixels: float32 of shape (n, 64, 320).
        codes: index in ``GENRES`` of each image, shape (n,).
        seed: seed of the weights, the order and the augmentation.

    """
    torch.manual_seed(seed)
    net = PoolingNetwork() if plan.pooling else reference_network()
    trained = TrainedNetwork(net, plan, pixels)
    inputs, targets = trained.inputs(pixels), torch.from_numpy(codes)
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
        # A small last batch would give noisy batch norms; its images come in another epoch.
        for at in range(0, len(inputs) - plan.batch + 1, plan.batch):
            chosen = order[at : at + plan.batch]
            optimiser.zero_grad()
            loss = _loss(plan, net, inputs[chosen], targets[chosen], weights)
            loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
            optimiser.step()
            if schedule:
                schedule.step()
    return trained


class TrainedNetwork:
    """A trained network with the scaling of its inputs."""

    def __init__(self, net: nn.Module, plan: TrainingPlan, train: Images) -> None:
        self._net = net
        self._plan = plan
        # By band, since bands differ in their mean level.
        self._mean = train.mean(axis=(0, 2), keepdims=True) if plan.standardise else 0.0
        self._spread = train.std(axis=(0, 2), keepdims=True) + _EPSILON if plan.standardise else 1.0

    def inputs(self, pixels: Images) -> Tensor:
        """Return the network's inputs, shape (n, 1, 64, 320)."""
        scaled = (pixels - self._mean) / self._spread
        return torch.from_numpy(np.asarray(scaled, np.float32))[:, None]

    def probabilities(self, pixels: Images) -> NDArray[np.float64]:
        """Return shape (n, 10), columns as ``GENRES``.

        A network trained on crops predicts overlapping crops of the same length, and the
        probabilities are averaged.
        """
        inputs = self.inputs(pixels)
        frames = self._plan.crop_frames or inputs.shape[3]
        starts = range(0, inputs.shape[3] - frames + 1, max(1, frames // 2))
        self._net.eval()
        with torch.inference_mode():
            predictions = [self._net(inputs[..., at : at + frames]).softmax(dim=1) for at in starts]
        found: NDArray[np.float64] = torch.stack(predictions).mean(dim=0).double().numpy()
        return found


def _loss(
    plan: TrainingPlan, net: nn.Module, images: Tensor, codes: Tensor, weights: Tensor
) -> Tensor:
    """Return the cross-entropy of a batch, augmented as the plan says."""
    if plan.crop_frames:
        images = crop(images, plan.crop_frames)
    if plan.spec_augment:
        images = mask(images)
    targets = one_hot(codes, len(GENRES)).float()
    if plan.mixup:
        images, targets = mix(images, targets, plan.mixup)
    loss: Tensor = cross_entropy(
        net(images), targets, weight=weights, label_smoothing=plan.label_smoothing
    )
    return loss


def _class_weights(codes: Tensor, strength: float) -> Tensor:
    """Weight genres by a power of their rarity: 0 for equal weights, 1 for full balance."""
    counts = torch.bincount(codes, minlength=len(GENRES)).clamp(min=1).float()
    weights = (counts.sum() / counts) ** strength
    return weights / weights[codes].mean()
