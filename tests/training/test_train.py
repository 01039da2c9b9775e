"""Training as a whole: from a data folder to a model that loads."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.genres import GENRES
from shared.music.model.aggregation import AGGREGATE_NAMES
from shared.music.model.classifier import GenreModel
from shared.music.model.model_metadata import RECIPE_VERSION, ModelMetadata
from shared.music.model.music_detector import FAMILIES
from shared.music.tagging.tagger import Tagger
from tests import sounds
from tests.training.conftest import CHUNKS, PARTS, few_sounds, name_of, recording
from training import train as training
from training.data import recordings
from training.data.datasets import load_training_tracks
from training.data.gtzan import DataError, read_audio
from training.data.recordings import Recording
from training.evaluation import cross_validation
from training.evaluation.cross_validation import FOLDS
from training.evaluation.protocols import artist_grouped
from training.fitting.classifier import MEMBERS, PARAMETERS, fit
from training.fitting.music_detector import fit_music_detector
from training.train import LINEAR, train

QUICK = 20


def _quickly(
    data_dir: Path, out: Path, source: Any = "table", seed: int = 7, **more: Any
) -> ModelMetadata:
    """Train with few trees, one drawing of the folds, and sounds that were not synthesized."""
    options: dict[str, Any] = {"iterations": 2, "repeats": 1, "sounds": few_sounds(), **more}
    return train(data_dir, out, source, seed, **options)


def test_from_table_to_model(data_dir: Path, tmp_path: Path) -> None:
    """The written pair loads, tells how it was made, and knows genres that differ."""
    out = tmp_path / "new" / "model.cbm"
    stages: list[tuple[str, float]] = []
    metadata = _quickly(data_dir, out, iterations=QUICK, progress=lambda *step: stages.append(step))
    model = GenreModel.load(out)
    assert model.metadata == metadata == ModelMetadata.read(out.with_suffix(".json"))
    assert sorted(path.name for path in out.parent.iterdir()) == ["model.cbm", "model.json"]
    assert (metadata.features, metadata.recipe_version) == (AGGREGATE_NAMES, RECIPE_VERSION)
    told = metadata.training
    assert (told.source, told.seed, told.parameters["iterations"]) == ("table", 7, QUICK)
    assert (told.tracks, told.chunks) == (100, 100 * CHUNKS)
    assert told.by_genre["pop"].tracks == 10
    assert told.libraries["catboost"].startswith("1.")
    for stage in ("reading tracks", "cross-validating", "fitting", "fitting the music detector"):
        assert [share for name, share in stages if name == stage][-1] == 1.0
    held = [recording(name_of(genre, 50)) for genre in GENRES]
    predictions = [model.predict_track(own.features, own.chunk_tags()) for own in held]
    assert np.mean([o.track.argmax() == g for g, o in enumerate(predictions)]) > 0.7
    assert {FAMILIES[int(o.families.argmax())] for o in predictions} == {"music"}


def test_figures_are_those_of_the_cross_validation(data_dir: Path, tmp_path: Path) -> None:
    """The metadata tells what an evaluation with the same seed finds."""
    metadata = _quickly(data_dir, tmp_path / "m.cbm", iterations=QUICK)
    report, _ = artist_grouped(data_dir, 7, repeats=1, iterations=QUICK)
    assert metadata.scores == (report.score,)
    assert metadata.genres == report.genres
    known = metadata.calibration
    assert (known.answered, known.right) == (report.answered, report.right)
    assert known.expected_error == report.expected_error
    assert known.split == report.score.split
    assert known.temperature != 1
    assert 0 < known.sure_from <= 1


def test_test_tracks_are_used_for_nothing(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No fit, nor the music detector's, sees a test track or another track of its artist."""
    index = data_dir / "artists.csv"
    index.write_text(index.read_text().replace("jazz.00000,jazz 0", "jazz.00000,jazz 5"))
    fits: list[set[str]] = []
    detectors: list[set[str]] = []

    def watched(learned: Sequence[Recording], **options: Any) -> object:
        fits.append({own.track for own in learned})
        return fit(learned, **options)

    def watched_gate(features: Any, tags: Any, tracks: Any, *args: Any, **options: Any) -> object:
        detectors.append(set(tracks.tolist()))
        return fit_music_detector(features, tags, tracks, *args, **options)

    monkeypatch.setattr(training, "fit", watched)
    monkeypatch.setattr(training, "fit_music_detector", watched_gate)
    monkeypatch.setattr(cross_validation, "fit", watched)
    _quickly(data_dir, tmp_path / "m.cbm")
    barred = {name_of(genre, n) for genre in GENRES for n in PARTS["test"]} | {"jazz.00000"}
    allowed = {name_of(genre, n) for genre in GENRES for n in range(10)} - barred
    assert len(fits) == FOLDS + 1
    assert not set.union(*fits, *detectors) & barred
    assert fits[-1] == detectors[0] == allowed, "what ships learns from everything that it may"
    assert all(len(part) < len(allowed) for part in fits[:-1])


def test_from_audio_to_model(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With audio as the source, features and tags come from files; test files stay shut."""
    heard: dict[Path, Any] = {}

    def read_once(path: Path, data_dir: Path, tagger: Tagger) -> Any:
        # The five files of a genre are the same, and each would take its time.
        if path.parent not in heard:
            heard[path.parent] = read_audio(path, data_dir, tagger)
        features, tags = heard[path.parent]
        # Discriminants need tracks that differ within their genre.
        return features * (1 + int(path.stem[-5:]) / 1000), tags

    monkeypatch.setattr(recordings, "read_audio", read_once)
    for g, genre in enumerate(GENRES):
        folder = data_dir / "genres_original" / genre
        folder.mkdir(parents=True)
        wav = sounds.encode(sounds.tone(3.1, 110 * 1.3**g, level=0.3), "wav")
        for number in (0, 2, 4, 6, 8):
            (folder / f"{name_of(genre, number)}.wav").write_bytes(wav)
        (folder / f"{name_of(genre, 11)}.wav").write_bytes(b"must not be opened")
    for path in [data_dir / "features_3_sec.csv", *data_dir.glob("*.npz")]:
        path.unlink()
    metadata = _quickly(data_dir, tmp_path / "m.cbm", "audio")
    assert metadata.training.source == "audio"
    assert (metadata.training.tracks, metadata.training.chunks) == (50, 50)
    assert metadata.scores[0].n_tracks == 50


def test_a_missing_genre_is_named(data_dir: Path, tmp_path: Path) -> None:
    """Nothing is written then."""
    path = data_dir / "features_3_sec.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.endswith("rock")))
    with pytest.raises(DataError, match="of rock"):
        _quickly(data_dir, tmp_path / "new" / "m.cbm")
    assert not (tmp_path / "new").exists()


def test_model_needs_its_suffix(data_dir: Path, tmp_path: Path) -> None:
    """A name that the metadata would overwrite is refused before any work."""
    with pytest.raises(DataError, match="cbm"):
        train(data_dir, tmp_path / "model.json")


def test_same_seed_same_model(data_dir: Path, tmp_path: Path) -> None:
    """Training can be repeated, but for the time that CatBoost stamps; the seed matters."""
    one, two, _other = (
        _quickly(data_dir, tmp_path / f"{n}.cbm", seed=seed) for n, seed in enumerate((1, 1, 2))
    )
    assert one.model_copy(update={"sha256": two.sha256}) == two
    rows = np.stack([recording(name_of(genre, 50)).row() for genre in GENRES])
    again, before, differently = (
        GenreModel.load(tmp_path / f"{n}.cbm").scorer.scores(rows) for n in range(3)
    )
    np.testing.assert_array_equal(again, before)
    assert not np.array_equal(again, differently)


def test_the_sidecar_can_be_read_by_people(data_dir: Path, tmp_path: Path) -> None:
    """A line for each field, rows of figures on one line."""
    _quickly(data_dir, tmp_path / "m.cbm")
    lines = (tmp_path / "m.json").read_text().splitlines()
    assert ' "name": ' in "\n".join(lines)
    assert sum(line.strip().startswith('"means": [') for line in lines) == 4
    assert len(lines) < 450


@pytest.mark.timeout(900)
@pytest.mark.skipif("GENREBOT_DATA" not in os.environ, reason="GENREBOT_DATA names no data folder")
def test_committed_scores_can_be_had_again() -> None:
    """Cross-validation as the metadata describes it, once instead of four times."""
    info = GenreModel.load().metadata
    data_dir = Path(os.environ["GENREBOT_DATA"])
    assert info.training.parameters == {**PARAMETERS, "members": MEMBERS, **LINEAR}
    found = load_training_tracks(data_dir)
    assert len(found) == info.training.tracks
    assert sum(len(own.features) for own in found) == info.training.chunks
    report, _ = artist_grouped(data_dir, info.training.seed, repeats=1)
    assert report.score.accuracy == pytest.approx(info.scores[0].accuracy, abs=0.02)
    assert report.score.macro_f1 == pytest.approx(info.scores[0].macro_f1, abs=0.02)
    assert report.expected_error < 0.07
