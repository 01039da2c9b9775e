"""The networks, and how they train_network."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image networks need the extra torch")

from training.study.cache import Cache  # noqa: E402 - only where torch is installed
from training.study.classifiers.models import codes  # noqa: E402
from training.study.image_network import ablation  # noqa: E402
from training.study.image_network.ablation import network_versions, run_ablation  # noqa: E402
from training.study.image_network.augmentation import crop, mask, mix  # noqa: E402
from training.study.image_network.images import load_images  # noqa: E402
from training.study.image_network.networks import PoolingNetwork, reference_network  # noqa: E402
from training.study.image_network.training import TrainingPlan, _class_weights, train_network  # noqa: E402

SPECIALIST = TrainingPlan(
    epochs=6,
    rate=1e-2,
    batch=8,
    standardise=True,
    pooling=True,
    crop_frames=32,
    one_cycle=True,
    spec_augment=True,
    label_smoothing=0.1,
    class_weights=0.5,
)


@pytest.fixture(autouse=True, scope="module")
def _alone() -> Iterator[None]:
    """Use one thread: several wait for each other where the tests run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_reference_is_what_it_is_said_to_be() -> None:
    """Three convolutions, three linear layers, batch norm; ten scores a picture."""
    net = reference_network()
    kinds = [type(layer).__name__ for layer in net.modules()]
    assert (kinds.count("Conv2d"), kinds.count("Linear")) == (3, 3)
    assert net.eval()(torch.zeros(2, 1, 64, 320)).shape == (2, 10)


@pytest.mark.parametrize("frames", [16, 97, 320])
def test_the_pooling_net_takes_any_length(frames: int) -> None:
    """What is pooled over time need not have the length that was learned from."""
    assert PoolingNetwork().eval()(torch.zeros(2, 1, 64, frames)).shape == (2, 10)


def test_a_crop_is_a_piece_of_its_picture() -> None:
    """Pieces are in one piece, of their own picture, and not always the same."""
    torch.manual_seed(0)
    pictures = torch.arange(4 * 20).reshape(4, 1, 1, 20).float()
    pieces = torch.cat([crop(pictures, 8) for _ in range(5)], dim=1)
    assert pieces.shape == (4, 5, 1, 8)
    assert (pieces.diff(dim=3) == 1).all()
    assert (pieces // 20 == torch.arange(4).reshape(4, 1, 1, 1)).all()
    assert len(pieces[0, :, 0, 0].unique()) > 1


def test_masks_are_stripes() -> None:
    """Whole bands and whole frames are blanked, never all of a picture, others stay."""
    torch.manual_seed(0)
    pictures = torch.ones(64, 1, 64, 96)
    masked = mask(pictures)
    assert (pictures == 1).all()
    blank = masked[:, 0] == 0
    bands, frames = blank.all(dim=2), blank.all(dim=1)
    assert (blank == (bands[:, :, None] | frames[:, None, :])).all()
    assert bands.any(dim=1).float().mean() > 0.8
    assert frames.any(dim=1).float().mean() > 0.8
    assert bands.sum(dim=1).max() <= 20
    assert frames.sum(dim=1).max() <= 48


def test_mixed_targets_follow_the_pictures() -> None:
    """The share of a picture in a vote is the share of its genre in the target."""
    torch.manual_seed(0)
    targets = torch.eye(10)[torch.randperm(10)]
    pictures = targets.reshape(10, 1, 1, 10)
    blended, shares = mix(pictures, targets, 0.5)
    assert (blended.reshape(10, 10) == shares).all()
    assert shares.sum(dim=1).tolist() == pytest.approx([1.0] * 10)


def test_rare_genres_weigh_more() -> None:
    """Weights follow the power of rarity, and the mean picture weighs 1."""
    some = torch.tensor([0] * 90 + [1] * 10)
    assert (_class_weights(some, 0.0) == 1).all()
    full, root = _class_weights(some, 1.0), _class_weights(some, 0.5)
    assert float(full[1] / full[0]) == pytest.approx(9.0)
    assert float(root[1] / root[0]) == pytest.approx(3.0)
    assert float(full[some].mean()) == pytest.approx(1.0)


def _told(gallery: Path, plan: TrainingPlan) -> tuple[np.ndarray, np.ndarray]:
    """Train on four images of each genre; return the fifth's probabilities and genre."""
    found = load_images(gallery)
    held = np.array([track.endswith("4") for track in found.tracks.tolist()])
    truth = codes(found.labels)
    network = train_network(plan, found.pixels[~held], truth[~held], seed=1)
    return network.probabilities(found.pixels[held]), truth[held]


def test_a_network_with_every_option_learns(gallery: Path) -> None:
    """It learns the height of a bright band, with every option switched on."""
    told, truth = _told(gallery, SPECIALIST)
    assert told.sum(axis=1) == pytest.approx(1.0)
    assert (told.argmax(axis=1) == truth).mean() > 0.8


def test_learning_twice_gives_the_same(gallery: Path) -> None:
    """Weights, order and augmentation all come from the seed."""
    plan = replace(SPECIALIST, epochs=1, mixup=0.2)
    assert (_told(gallery, plan)[0] == _told(gallery, plan)[0]).all()


def test_each_version_adds_one_change() -> None:
    """The first is the reference, and no version undoes an earlier change."""
    found = network_versions()
    assert found[0].plan == TrainingPlan()
    for before, after in pairwise(found):
        changed = {k for k, v in vars(after.plan).items() if v != vars(before.plan)[k]}
        assert 1 <= len(changed) <= 3
        assert all(vars(before.plan)[key] == vars(TrainingPlan())[key] for key in changed)


def test_every_image_is_predicted_once_per_repetition(
    gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The confusion matrix counts every image in every repetition, and results are cached."""
    quick = ablation.Version(
        "Quick", "one epoch", TrainingPlan(epochs=1, crop_frames=0, pooling=True), 2
    )
    monkeypatch.setattr(ablation, "network_versions", lambda: [quick])
    monkeypatch.setattr(ablation, "ENOUGH", 5)
    torch.set_num_threads(2)
    first = run_ablation(gallery, Cache(tmp_path), lambda *_: None)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    (version,) = first.versions
    assert len(version.six_f1) == 2
    assert np.sum(version.confusion, axis=1).tolist() == [10] * 10
    assert run_ablation(gallery, Cache(tmp_path), lambda *_: None) == first
