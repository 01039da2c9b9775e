"""Training from a data folder to a model file and its sidecar."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.trainer.data import DataError, Dataset, load_audio, load_table
from services.trainer.fit import fit, parameters_for
from services.trainer.scores import scores
from services.trainer.splits import Split, make_split, read_artists, read_split
from shared.genres import GENRES
from shared.music.features import FEATURE_NAMES, RECIPE_VERSION
from shared.music.sidecar import Counts, Score, Sidecar, Training

Source = Literal["table", "audio"]
Progress = Callable[[str, float], None]
"""Called with what is being done, and the share of it that is."""

LIBRARIES: Final = ("catboost", "librosa", "numpy", "scikit-learn", "scipy", "soxr")


def train(  # noqa: PLR0913 - each is a choice of the person who trains
    data_dir: Path,
    out: Path,
    source: Source = "table",
    seed: int = 1,
    *,
    iterations: int | None = None,
    thread_count: int = 1,
    progress: Progress | None = None,
) -> Sidecar:
    """Fit, score, fit again on everything allowed, and write the model.

    The first fit is on train and scored on valid; the model that is written is a fit
    with the same parameters on both. Test tracks, and whatever else their artists made,
    are used for neither.

    Args:
        data_dir: GTZAN in the layout of its public distribution, with ``splits/`` and
            ``artists.csv`` where they are to be had.
        out: the ``.cbm`` file to write; the sidecar goes beside it as ``.json``.
        source: the published table, or the audio through our own signal chain.
        seed: seed of the fits, and of the split where one has to be made.
        iterations: number of trees, for a quick trial.
        thread_count: threads to use.
        progress: called with the stage and the share of it that is done.

    Raises:
        DataError: the folder does not hold what is needed.

    """
    report = progress or _ignore
    if out.suffix != ".cbm":
        raise DataError(f"The model has to be called something.cbm, not {out.name}.")
    everything, split = load(data_dir, source, seed, report)
    learned, judged = everything.of(split.train), everything.of(split.valid)
    if not len(judged):
        raise DataError(f"None of the tracks of {split.names[1]} is in the data folder.")

    def fitted(dataset: Dataset, stage: str) -> Any:
        return fit(
            dataset,
            seed=seed,
            iterations=iterations,
            thread_count=thread_count,
            progress=lambda share: report(stage, share),
        )

    trial = fitted(learned, "fitting on train")
    found = scores(in_our_order(trial, judged, thread_count), judged, split.names[1])
    shipped = everything.of(split.train | split.valid)
    training = Training(
        day=datetime.now(UTC).date(),
        source=source,
        protocol=split.protocol,
        seed=seed,
        parameters=parameters_for(iterations),
        tracks=len(shipped.genres()),
        chunks=len(shipped),
        by_genre=_counts(shipped),
        libraries={name: version(name) for name in LIBRARIES},
    )
    return _write(fitted(shipped, "fitting on train and valid"), out, training, found)


def load(
    data_dir: Path, source: Source, seed: int, progress: Progress | None = None
) -> tuple[Dataset, Split]:
    """Load what there is, with the split to train by.

    The split is the one in the data folder, else one of our making; the test tracks'
    artists are out of its other parts. With a split at hand, the audio of other
    tracks than those of train and valid is not even read.
    """
    artists = read_artists(data_dir)
    split = read_split(data_dir)
    if source == "table":
        dataset = load_table(data_dir)
    else:
        report = progress or _ignore
        wanted = split.train | split.valid if split else None
        dataset = load_audio(data_dir, wanted, lambda done: report("computing features", done))
    split = split or make_split(dataset.genres(), artists, seed)
    return dataset, split.clear_of(artists)


def in_our_order(classifier: Any, dataset: Dataset, thread_count: int = 1) -> NDArray[np.float64]:
    """Predict the chunks of a data set, shape (chunks, 10), columns as ``GENRES``."""
    table = classifier.predict_proba(dataset.features, thread_count=thread_count)
    own = list(classifier.classes_)
    columns: NDArray[np.float64] = table[:, [own.index(genre) for genre in GENRES]]
    return columns


def _counts(dataset: Dataset) -> dict[str, Counts]:
    tracks = Counter(dataset.genres().values())
    chunks = Counter(dataset.labels.tolist())
    return {genre: Counts(tracks=tracks[genre], chunks=chunks[genre]) for genre in GENRES}


def _write(classifier: Any, out: Path, training: Training, found: list[Score]) -> Sidecar:
    """Write both files whole or not at all: each takes its name once it is complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}.fresh")
    classifier.save_model(str(fresh))
    sidecar = Sidecar.of(
        fresh.read_bytes(),
        {
            "name": f"catboost-gtzan{len(FEATURE_NAMES)}-{training.day:%Y%m%d}",
            "features": FEATURE_NAMES,
            "recipe_version": RECIPE_VERSION,
            "classes": tuple(classifier.classes_),
            "training": training,
            "scores": found,
        },
    )
    note = out.with_name(f".{out.name}.note")
    note.write_text(sidecar.model_dump_json(indent=1) + "\n", encoding="utf-8")
    fresh.replace(out)
    note.replace(out.with_suffix(".json"))
    return sidecar


def _ignore(_stage: str, _share: float) -> None:
    """Stand in where nobody watches."""
