"""The report's section on the four protocols: scores of the same models, and why they differ."""

from pathlib import Path
from typing import Final

from shared.errors import ModelError
from shared.music.model.classifier import committed
from shared.music.model.model_metadata import Level, ModelMetadata, Score
from training.study.report.figures import draw_confusions, draw_genres, draw_splits
from training.study.report.markdown import figure, grid, percent, share
from training.study.results import Protocol, ProtocolScores

REPORTED_MODEL: Final = "CatBoost, tuned"
"""The model of the summary paragraph and the confusion matrices."""

_LEVELS: Final[dict[Level, str]] = {
    "chunk": "Chunks of 3 s",
    "track_majority": "Tracks, majority of the chunks",
    "track_mean": "Tracks, averaged probabilities",
}
_WHAT: Final = {
    "rows": "chunks drawn one by one, 60 % for training, as in the original",
    "tracks": "all chunks of a track in one fold, five folds",
    "artists": "all tracks of an artist in one fold, five folds",
    "filtered": "copies, distorted and mislabelled tracks left out, artists apart: trained on the "
    "first list, scored on the second (Kereliuk, Sturm and Larsen 2015)",
}


def protocols_section(splits: ProtocolScores, folder: Path) -> str:
    """Return the section, and draw its figures into a folder."""
    draw_splits(splits, folder / "splits.png")
    by_name = {protocol.name: protocol for protocol in splits.protocols}
    extremes = [by_name[name] for name in ("rows", "artists") if name in by_name]
    draw_confusions(extremes, folder / "confusion.png")
    draw_genres(extremes, folder / "genres.png")
    overview = grid(
        ["Protocol", "How", "Tracks scored", "Chunks scored", "Track shared", "Artist shared"],
        [
            [
                protocol.title,
                _WHAT[protocol.name],
                str(protocol.tracks),
                str(protocol.chunks),
                percent(protocol.shared_tracks),
                percent(protocol.shared_artists),
            ]
            for protocol in splits.protocols
        ],
        words=2,
    )
    return "\n\n".join(
        [
            "## The same models under four protocols",
            overview,
            (
                "*Track shared* is the share of the scored tracks with other chunks in the "
                "training "
                "data, *artist shared* the share of the scored tracks with a known artist who has "
                f"tracks in the training data. {splits.unknown_artists} tracks have no known "
                "artist; each counts as an artist of its own."
            ),
            figure(
                "figures/splits.png",
                (
                    "Macro F1 of every model under every protocol. Dotted: default settings; "
                    "solid: "
                    "tuned; dashed: tuned, with the added axes."
                ),
            ),
            _why(by_name),
            *(_level(splits, level, title) for level, title in _LEVELS.items()),
            figure(
                "figures/confusion.png",
                f"{REPORTED_MODEL}, chunks of 3 s, in per cent of the true genre: rows at "
                "random, and "
                "artists kept apart.",
            ),
            figure(
                "figures/genres.png",
                f"Precision and recall of each genre ({REPORTED_MODEL}, chunks of 3 s), with rows "
                "at random and with artists kept apart.",
            ),
        ]
    )


def summary_paragraph(splits: ProtocolScores) -> str:
    """Return a paragraph that says which score holds for new songs."""
    found = {protocol.name: protocol for protocol in splits.protocols}
    easy = _score(found["rows"], REPORTED_MODEL, "chunk")
    lines = [
        (
            f"**In short:** {share(easy)} is what a tuned CatBoost reaches where the training "
            "data has other chunks of the same recordings."
        )
    ]
    if "artists" in found:
        lines.append(
            f"For artists that are not in the training data it reaches "
            f"{_figure(found['artists'], 'chunk')} for a chunk of 3 seconds and "
            f"{_figure(found['artists'], 'track_mean')} for a track."
        )
    if "filtered" in found:
        lines.append(
            "With the data set's faults filtered as well it is "
            f"{_figure(found['filtered'], 'chunk')} and "
            f"{_figure(found['filtered'], 'track_mean')}."
        )
    lines.append("Only scores of this kind hold for songs that people send.")
    if shipped := _shipped():
        lines.append(
            "The model that ships is another one, chosen by such scores: "
            f"**macro F1 {share(shipped.macro_f1)}, {percent(shipped.accuracy)} of tracks "
            f"right**, on {shipped.n_tracks} tracks by artists that are not in its training data."
        )
    return " ".join(lines)


def _why(found: dict[str, Protocol]) -> str:
    rows = found["rows"]
    lines = [
        (
            f"**Why {_round(rows, 'chunk')} becomes about half.** A track of 30 seconds is cut "
            "into ten chunks, and the chunks of one recording are nearly alike: one singer, one "
            "studio, one loudness. Drawn at random, about six of the ten are in the training "
            f"data, and {percent(rows.shared_tracks)} of the test tracks have chunks there. To "
            "name the genre it is then enough to recognise the recording, which is easy: deep "
            "trees, narrow kernels and the added axes all help with that, and raise the score "
            "without knowing more about genres."
        ),
    ]
    if "tracks" in found:
        lines.append(
            "With the chunks of a track kept together the same model falls to "
            f"{_figure(found['tracks'], 'chunk')}; averaging the probabilities of a track's ten "
            "chunks gives "
            f"{_figure(found['tracks'], 'track_mean')}."
        )
    if "artists" in found:
        lines.append(
            "But GTZAN has many tracks from the same albums: "
            f"{percent(found['tracks'].shared_artists)} of the test tracks with a known artist "
            "have another track of that artist in the training data. With artists kept apart "
            f"as well, {_figure(found['artists'], 'chunk')} remains "
            f"({_figure(found['artists'], 'track_mean')} for tracks)."
        )
    if "filtered" in found:
        lines.append(
            "Without copies and wrong labels, and with fewer training tracks, it is "
            f"{_figure(found['filtered'], 'chunk')} ({_figure(found['filtered'], 'track_mean')})."
        )
    lines.append(
        "A song that somebody sends to the bot is most likely by an artist who is not in the "
        "training data, so only the last two protocols say what to expect: right about half of "
        "the time among ten genres, where guessing is right once in ten."
    )
    return " ".join(lines)


def _level(splits: ProtocolScores, level: Level, title: str) -> str:
    models = list(splits.protocols[0].scores)
    rows = [
        [model, *(share(_score(protocol, model, level)) for protocol in splits.protocols)]
        for model in models
    ]
    heads = [f"{protocol.title} ({protocol.tracks} tracks)" for protocol in splits.protocols]
    return f"### {title}\n\n" + grid(["Model", *heads], rows)


def _figure(protocol: Protocol, level: Level) -> str:
    return share(_score(protocol, REPORTED_MODEL, level))


def _round(protocol: Protocol, level: Level) -> str:
    return f"{_score(protocol, REPORTED_MODEL, level):.2f}"


def _score(protocol: Protocol, model: str, level: Level) -> float:
    return next(score.macro_f1 for score in protocol.scores[model] if score.level == level)


def _shipped() -> Score | None:
    """Return the track-level score of the model that ships, or None where there is none."""
    try:
        metadata = ModelMetadata.read(committed().with_suffix(".json"))
    except ModelError:
        return None
    return next((score for score in metadata.scores if score.level == "track"), None)
