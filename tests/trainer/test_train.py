"""Training as a whole: from a data folder to a model that loads."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from services.trainer import train as training
from services.trainer.data import DataError, Dataset, load_table
from services.trainer.fit import PARAMETERS, fit, track_weights
from services.trainer.scores import scores
from services.trainer.splits import read_split
from services.trainer.train import in_our_order, load, train
from shared.genres import GENRES
from shared.music.features import FEATURE_NAMES, RECIPE_VERSION
from shared.music.model import GenreModel
from shared.music.sidecar import Sidecar
from tests import sounds
from tests.trainer.conftest import CHUNKS, PARTS, name_of

QUICK = 5


def dataset(tracks: list[str], labels: list[str]) -> Dataset:
    """Chunks without features worth the name."""
    return Dataset(np.zeros((len(tracks), 57)), np.array(tracks), np.array(labels))


def test_from_table_to_model(data_dir: Path, tmp_path: Path) -> None:
    """The written pair loads, tells how it was made, and knows genres that differ."""
    out = tmp_path / "new" / "model.cbm"
    stages: list[tuple[str, float]] = []
    sidecar = train(
        data_dir, out, "table", 7, iterations=QUICK, progress=lambda *step: stages.append(step)
    )
    model = GenreModel.load(out)
    assert model.info == sidecar == Sidecar.read(out.with_suffix(".json"))
    assert sorted(path.name for path in out.parent.iterdir()) == ["model.cbm", "model.json"]
    assert (sidecar.features, sidecar.recipe_version) == (FEATURE_NAMES, RECIPE_VERSION)
    told = sidecar.training
    assert (told.source, told.seed, told.parameters["iterations"]) == ("table", 7, QUICK)
    assert (told.tracks, told.chunks) == (80, 80 * CHUNKS)
    assert told.by_genre["pop"].tracks == 8
    assert told.libraries["catboost"].startswith("1.")
    assert {s.split for s in sidecar.scores} == {"valid_filtered"}
    assert {s.n_tracks for s in sidecar.scores} == {20}
    assert min(s.accuracy for s in sidecar.scores) > 0.5
    assert [share for stage, share in stages if stage == "fitting on train"][-1] == 1.0
    held = load_table(data_dir).of([name_of(genre, 9) for genre in GENRES])
    winners = np.array(GENRES)[model.predict(held.features).argmax(axis=1)]
    assert np.mean(winners == held.labels) > 0.5


def test_test_tracks_are_used_for_nothing(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither fits nor scores see a test track, nor another track of its artist."""
    index = data_dir / "artists.csv"
    index.write_text(index.read_text().replace("jazz.00000,jazz 0", "jazz.00000,jazz 4"))
    used: set[str] = set()

    def watched_fit(part: Dataset, **_options: object) -> object:
        used.update(part.tracks.tolist())
        return fit(part, seed=1, iterations=2)

    def watched_scores(table: np.ndarray, part: Dataset, name: str) -> object:
        used.update(part.tracks.tolist())
        return scores(table, part, name)

    monkeypatch.setattr(training, "fit", watched_fit)
    monkeypatch.setattr(training, "scores", watched_scores)
    train(data_dir, tmp_path / "m.cbm")
    barred = {name_of(genre, n) for genre in GENRES for n in PARTS["test"]} | {"jazz.00000"}
    assert not used & barred
    assert len(used) == 79


def test_scores_are_of_tracks_that_were_not_fitted(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first fit has no valid track; the second, which is shipped, has them."""
    fitted: list[set[str]] = []

    def watched(part: Dataset, **_options: object) -> object:
        fitted.append(set(part.tracks.tolist()))
        return fit(part, seed=1, iterations=2)

    monkeypatch.setattr(training, "fit", watched)
    train(data_dir, tmp_path / "m.cbm")
    split = read_split(data_dir)
    assert split
    assert fitted == [set(split.train), set(split.train | split.valid)]


def test_public_distribution_gets_a_split_of_its_own(data_dir: Path, tmp_path: Path) -> None:
    """Without splits and artists there is one by track, and the sidecar says so."""
    shutil.rmtree(data_dir / "splits")
    (data_dir / "artists.csv").unlink()
    sidecar = train(data_dir, tmp_path / "m.cbm", iterations=2)
    assert "grouped by track (artists unknown)" in sidecar.training.protocol
    assert sidecar.scores[0].split == "valid_made"
    assert sidecar.training.tracks == 80


def test_from_audio_to_model(data_dir: Path, tmp_path: Path) -> None:
    """With audio as the source, features come from the files and test files stay shut."""
    for g, genre in enumerate(GENRES):
        folder = data_dir / "genres_original" / genre
        folder.mkdir(parents=True)
        wav = sounds.encode(sounds.tone(9.1, 110 * 1.3**g, level=0.3), "wav")
        for number in (0, 6):
            (folder / f"{name_of(genre, number)}.wav").write_bytes(wav)
        (folder / f"{name_of(genre, 9)}.wav").write_bytes(b"must not be opened")
    (data_dir / "features_3_sec.csv").unlink()
    sidecar = train(data_dir, tmp_path / "m.cbm", "audio", iterations=QUICK)
    assert sidecar.training.source == "audio"
    assert (sidecar.training.tracks, sidecar.training.chunks) == (20, 60)
    assert sidecar.scores[0].n_tracks == 10


@pytest.mark.parametrize(("remove", "words"), [("rock", "learn from for: rock"), ("", "valid")])
def test_data_that_is_not_enough(data_dir: Path, tmp_path: Path, remove: str, words: str) -> None:
    """A missing genre, or a split of other tracks, is an error that says so."""
    if remove:
        path = data_dir / "features_3_sec.csv"
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line for line in lines if not line.endswith(remove)))
    else:
        (data_dir / "splits/valid_filtered.txt").write_text("polka.00000")
    with pytest.raises(DataError, match=words):
        train(data_dir, tmp_path / "m.cbm", iterations=2)
    assert not (tmp_path / "m.cbm").exists()


def test_too_few_chunks_to_fit() -> None:
    """What CatBoost cannot sample from is the data's fault, and is told so."""
    with pytest.raises(DataError, match="fitted to 10 chunks"):
        fit(dataset([f"{genre}.00000" for genre in GENRES], list(GENRES)), seed=1)


def test_model_needs_its_suffix(data_dir: Path, tmp_path: Path) -> None:
    """A name that the sidecar would overwrite is refused before any work."""
    with pytest.raises(DataError, match="cbm"):
        train(data_dir, tmp_path / "model.json")


def test_same_seed_same_model(data_dir: Path) -> None:
    """Fits can be repeated, also with another number of threads; the seed matters."""
    part = load_table(data_dir)
    one, two, other = (
        in_our_order(fit(part, seed=seed, iterations=QUICK, thread_count=threads), part)
        for seed, threads in ((1, 1), (1, 2), (2, 1))
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_every_track_weighs_the_same() -> None:
    """A track with fewer chunks gives each of them more weight."""
    weights = track_weights(np.array(["a", "b", "b", "b"]))
    np.testing.assert_allclose(weights, [2, 2 / 3, 2 / 3, 2 / 3])


def test_scores_by_hand() -> None:
    """Three levels, counted by hand: the rules disagree on one track."""
    chunks = dataset(["a"] * 3 + ["b"], ["jazz"] * 3 + ["rock"])
    table = np.full((4, 10), 0.0)
    rock, jazz = GENRES.index("rock"), GENRES.index("jazz")
    table[:2, rock], table[:2, jazz] = 0.6, 0.4
    table[2, jazz] = 1.0
    table[3, rock] = 1.0
    chunk, majority, mean = scores(table, chunks, "mine")
    assert (chunk.level, majority.level, mean.level) == ("chunk", "track_majority", "track_mean")
    assert (chunk.accuracy, majority.accuracy, mean.accuracy) == (0.5, 0.5, 1.0)
    assert (mean.n_tracks, mean.n_chunks, mean.split) == (2, 4, "mine")
    # Chunks: jazz F1 = 2 * 1 / (2 + 0 + 2), rock the same; eight genres have none.
    assert chunk.macro_f1 == pytest.approx((0.5 + 0.5) / 10)


@pytest.mark.skipif("GENREBOT_DATA" not in os.environ, reason="GENREBOT_DATA names no data folder")
def test_committed_scores_can_be_had_again() -> None:
    """A fit as the sidecar describes it gives the scores that stand there."""
    info = GenreModel.load().info
    everything, split = load(Path(os.environ["GENREBOT_DATA"]), "table", info.training.seed)
    assert info.training.parameters == PARAMETERS
    assert len(everything.of(split.train | split.valid)) == info.training.chunks
    judged = everything.of(split.valid)
    trial = fit(everything.of(split.train), seed=info.training.seed)
    again = scores(in_our_order(trial, judged), judged, split.names[1])
    for then, now in zip(info.scores, again, strict=True):
        assert json.loads(now.model_dump_json(exclude={"accuracy", "macro_f1"})) == json.loads(
            then.model_dump_json(exclude={"accuracy", "macro_f1"})
        )
        assert now.accuracy == pytest.approx(then.accuracy, abs=0.02)
        assert now.macro_f1 == pytest.approx(then.macro_f1, abs=0.02)
