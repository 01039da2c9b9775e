"""The report: a Markdown page and its figures, written from the results alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.domain.genres import genre_name
from training.data.gtzan import DataError
from training.study.report import reference_scores
from training.study.report.figures import draw_ablation, draw_history, draw_importances
from training.study.report.leakage import protocols_section, summary_paragraph
from training.study.report.markdown import figure, grid, share, wrapped
from training.study.results import Candidate, Pictures, Results, Table, Tuning

PAGE: Final = "study.md"
FIGURES: Final = "figures"


def write_report(results: Results, folder: Path) -> None:
    """Write ``study.md`` and its figures; parts that were not computed are left out.

    Raises:
        DataError: there are no results at all.

    """
    parts: list[tuple[Any, Callable[[Any, Path], str]]] = [
        (results.table, _table),
        (results.tune, _tuning),
        (results.splits, protocols_section),
        (results.pictures, _pictures),
    ]
    sections = [write(found, folder / FIGURES) for found, write in parts if found is not None]
    if not sections:
        raise DataError(f"There are no results in {folder} to report on: run another part first.")
    page = "\n\n".join([_head(results), *sections, _HOW])
    (folder / PAGE).write_text(wrapped(page) + "\n", encoding="utf-8")


def _head(results: Results) -> str:
    lines = [
        "# The study: which scores hold for new songs?",
        (
            "Genrebot began as a comparison of classifiers on GTZAN: 1000 tracks of 30 seconds, "
            "a hundred of each of ten genres, cut into chunks of 3 seconds with 57 published "
            "features each (Tzanetakis and Cook 2002; the tables of the common public "
            "distribution). This page repeats that comparison, improves on it, and then scores "
            "the same models on music by artists who are not in their training data. All scores "
            "are macro F1, "
            "the mean of the ten genres' F1 scores: 1 is perfect, 0.1 is what guessing gets."
        ),
    ]
    if results.splits:
        lines.append(summary_paragraph(results.splits))
    lines.append(
        "`genrebot study --data DIR` computes everything again; `genrebot study report` writes "
        "this page from [study-results.json](study-results.json), without the data."
    )
    return "\n\n".join(lines)


def _table(table: Table, _figures: Path) -> str:
    rows = []
    for row in table.scores_by_model:
        printed, at_hand = reference_scores.TABLE[row.model]
        rows.append(
            [row.model, share(printed), share(at_hand), share(row.test_f1), share(row.valid_f1)]
        )
    missing = (
        f" {table.missing} published rows are not available; all of them belong to the test "
        "part, so "
        "the fits are the same, and only the scores differ a little."
        if table.missing
        else ""
    )
    return "\n\n".join(
        [
            "## Six classifiers with default settings",
            (
                "Default settings, `random_state=42`, features scaled to 0..1, rows drawn at "
                f"random 6:2:2: {table.train} for training, {table.valid} for validation, "
                f"{table.test} for testing.{missing}"
            ),
            grid(
                ["Classifier", "Published", "Published, available rows", "Test", "Validation"], rows
            ),
        ]
    )


def _tuning(tuning: Tuning, folder: Path) -> str:
    draw_history(tuning, reference_scores.TUNED_AVAILABLE[0], folder / "tune-history.png")
    draw_importances(tuning, folder / "importance.png")
    runs = {run.model: run for run in tuning.candidates}
    rows = [
        [
            family,
            name.removeprefix(family).lstrip(",: "),
            share(runs[name].valid_f1),
            share(runs[name].test_f1),
        ]
        for family, name in tuning.chosen.items()
    ]
    valid, test = map(share, reference_scores.TUNED_AVAILABLE)
    rows.insert(
        0, ["Reference's tuned CatBoost", "its parameters, on the available rows", valid, test]
    )
    whole = sum(trial.state == "COMPLETE" for trial in tuning.trials)
    best = max((runs[name] for name in tuning.chosen.values()), key=lambda run: run.valid_f1)
    return "\n\n".join(
        [
            "## Tuned on the validation rows",
            (
                f"Optuna drew {len(tuning.trials)} sets of CatBoost's parameters, "
                f"{sum(trial.family == 'CatBoost' for trial in tuning.trials)} of them for the "
                "published columns alone. Trials that lagged at 100, 300 or 900 trees were "
                f"pruned (successive halving), so only {whole} ran to the end. The best were "
                "fitted again in full, the very best also with half the rate and twice the "
                "trees, and with three seeds averaged. Within each family the best score on "
                "validation decided; test scores were not used."
            ),
            grid(["Family", "Chosen", "Validation", "Test"], rows, words=2),
            _AXES,
            (
                f"The best of all on validation is {best.family} with {share(best.test_f1)} on "
                "test. The next section shows why such a score does not hold for new songs."
            ),
            _parameters(tuning, runs),
            figure(
                "figures/tune-history.png",
                "The search: macro F1 of every trial on validation, and the best so far.",
            ),
            figure(
                "figures/importance.png",
                "Feature importance of the tuned CatBoost on the published columns (CatBoost's "
                "PredictionValuesChange).",
            ),
        ]
    )


def _parameters(tuning: Tuning, runs: dict[str, Candidate]) -> str:
    lines = []
    for family, name in tuning.chosen.items():
        inputs = runs[name].parameters
        first = inputs["members"][0][0] if "members" in inputs else inputs
        if first["kind"] != "CatBoostClassifier" or ("average" not in name and "members" in inputs):
            continue
        settings = ", ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in sorted(first["parameters"].items())
            if key != "random_state"
        )
        lines.append(f"- {family}: {settings}.")
    return "\n".join(["The parameters of the chosen CatBoost models:", "", *lines])


def _pictures(pictures: Pictures, folder: Path) -> str:
    draw_ablation(pictures, folder / "pictures.png")
    rows = []
    before = None
    for version in pictures.versions:
        six, ten = float(np.mean(version.six_f1)), float(np.mean(version.ten_f1))
        gain = "" if before is None else f"{six - before:+.3f}"
        spread = f" ± {np.std(version.six_f1):.3f}" if len(version.six_f1) > 1 else ""
        rows.append(
            [
                version.name,
                version.what,
                share(six) + spread,
                gain,
                share(ten),
                f"{version.seconds:.0f}",
            ]
        )
        before = six
    best = max(pictures.versions, key=lambda version: float(np.mean(version.six_f1)))
    counts = ", ".join(f"{genre_name(genre)} {n}" for genre, n in pictures.counts.items())
    total = sum(pictures.counts.values())
    return "\n\n".join(
        [
            "## Genres from spectrogram images",
            (
                f"The same task from images of mel spectrograms: {total} images, one for each "
                f"track ({counts}). The reference trained a small network for 6 epochs on 600 "
                "images "
                f"and reported {reference_scores.IMAGES}. Here the first row is that network, "
                "and each "
                "row below adds one change to the row above. Every figure is from "
                f"{pictures.folds}-fold cross-validation over the tracks, so every image is "
                "predicted once by a network that was not trained on it; ± is over repetitions "
                "with "
                "other folds and other initial weights. All ten genres are predicted; *six genres* "
                "is the macro F1 over those with 60 images or more; in *all ten* the four "
                "genres with a dozen images each count as much as the others."
            ),
            grid(
                ["Version", "Change", "Six genres", "Gain", "All ten", "Seconds a fit"],
                rows,
                words=2,
            ),
            figure(
                "figures/pictures.png",
                "Left: score after each change (ticks are repetitions). Right: confusion "
                "matrix of the last version, in per cent of the true genre.",
            ),
            (
                f"{best.name} has the highest score, {share(float(np.mean(best.six_f1)))}. "
                "Differences of 0.01 are within the spread over other draws of the folds; where a "
                "row is lower than the one above it, the change did not help here."
            ),
        ]
    )


_AXES: Final = (
    "*Axes* are added columns. A linear discriminant analysis with the *recording* as its "
    "class finds, from the training rows alone, directions in which recordings differ while the "
    "chunks of one recording agree; the 57 coordinates along them join the published columns for "
    "CatBoost, and replace them for the SVC and for the nearest neighbours that take part in the "
    "soft vote. No genre is involved. It helps as much as it does because the row-wise split "
    "measures how well the recording of a chunk is recognised. On the published columns alone "
    "CatBoost gains nothing "
    "over the reference's parameters. While these columns were developed, their test scores "
    "were seen as well as their validation scores; the two agreed, but the test scores of the rows "
    "with axes are to that extent not independent."
)

_HOW: Final = """## How it was measured

- Every classifier has `random_state` 42 and a fixed number of threads; a second run gives the
  same numbers. Predictions are kept in the cache folder, and a stopped run can be resumed.
- A track without a known artist counts as an artist of its own where artists are kept apart.
- Averaged probabilities combine a track's chunks by their mean probability; majority votes count
  the chunks' most probable genres. An SVC has no probabilities: they are the softmax of its
  decision values, whose largest is its prediction but for rare ties.
- The third list of the fault-filtered split is reserved for testing a finished model. Under that
  protocol no model here is trained or scored on it.
- Rows at random, whole tracks and artists apart use all tracks, faulty ones included: GTZAN has
  copies, distorted tracks and disputed labels (Sturm 2012); the fourth leaves them out."""
