"""The section on the four protocols: what the same models reach, and why it differs."""

from pathlib import Path
from typing import Final

from shared.errors import ModelError
from shared.music.model.classifier import committed
from shared.music.model.model_metadata import Level, ModelMetadata, Score
from training.study.report.figures import draw_confusions, draw_genres, draw_splits
from training.study.report.markdown import figure, grid, percent, share
from training.study.results import Protocol, Splits

SHOWN: Final = "CatBoost, tuned"
"""The model that the paragraph and the confusion matrices are about."""

_LEVELS: Final[dict[Level, str]] = {
    "chunk": "Pieces of 3 s",
    "track_majority": "Tracks, majority of the pieces",
    "track_mean": "Tracks, averaged probabilities",
}
_WHAT: Final = {
    "rows": "pieces drawn one by one, learned from 60 %, as the original did",
    "tracks": "all pieces of a track on one side, five folds",
    "artists": "all tracks of an artist on one side, five folds",
    "filtered": "copies, distorted and mislabelled tracks out, artists apart: learned from the "
    "first list, scored on the second (Kereliuk, Sturm and Larsen 2015)",
}


def protocols_section(splits: Splits, folder: Path) -> str:
    """Write the section, and draw its figures into a folder."""
    draw_splits(splits, folder / "splits.png")
    by_name = {protocol.name: protocol for protocol in splits.protocols}
    extremes = [by_name[name] for name in ("rows", "artists") if name in by_name]
    draw_confusions(extremes, folder / "confusion.png")
    draw_genres(extremes, folder / "genres.png")
    overview = grid(
        ["Protocol", "How", "Tracks scored", "Pieces scored", "Track known", "Artist known"],
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
                "*Track known* is the share of the scored tracks of which other pieces were "
                "learned from, *artist known* the share of those with a known artist of whom "
                f"another track, or the same one, was learned from. {splits.unknown_artists} "
                "tracks have no known artist; each counts as an artist of its own."
            ),
            figure(
                "figures/splits.png",
                (
                    "Macro F1 of every model under every protocol. Dotted: as they come; solid: "
                    "tuned; dashed: tuned, with the added axes."
                ),
            ),
            _why(by_name),
            *(_level(splits, level, title) for level, title in _LEVELS.items()),
            figure(
                "figures/confusion.png",
                f"{SHOWN}, pieces of 3 s, in per cent of the true genre: rows at random, and "
                "artists kept apart.",
            ),
            figure(
                "figures/genres.png",
                f"Precision and recall of each genre ({SHOWN}, pieces of 3 s): what is lost by "
                "keeping artists apart.",
            ),
        ]
    )


def claim(splits: Splits) -> str:
    """Say in a paragraph which number the bot may claim."""
    found = {protocol.name: protocol for protocol in splits.protocols}
    easy = _score(found["rows"], SHOWN, "chunk")
    lines = [
        (
            f"**In short:** {share(easy)} is what a tuned CatBoost reaches where pieces of the "
            "same recording were learned from."
        )
    ]
    if "artists" in found:
        lines.append(
            f"For an artist it has never heard it reaches {_figure(found['artists'], 'chunk')} "
            f"for a piece of 3 seconds and {_figure(found['artists'], 'track_mean')} for a track."
        )
    if "filtered" in found:
        lines.append(
            "With the data set's faults taken out as well it is "
            f"{_figure(found['filtered'], 'chunk')} and "
            f"{_figure(found['filtered'], 'track_mean')}."
        )
    lines.append("Only figures of the latter kind say anything about songs that people send.")
    if shipped := _shipped():
        lines.append(
            "The model that ships is another, chosen for them; it is what the bot may claim: "
            f"**macro F1 {share(shipped.macro_f1)}, {percent(shipped.accuracy)} of tracks "
            f"right**, on {shipped.n_tracks} tracks by artists that it did not learn from."
        )
    return " ".join(lines)


def _why(found: dict[str, Protocol]) -> str:
    rows = found["rows"]
    lines = [
        (
            f"**Why {_round(rows, 'chunk')} becomes about half.** A track of 30 seconds is cut "
            "into ten pieces, and the pieces of one recording sound nearly the same: one singer, "
            "one studio, one loudness. Drawn at random, some six of the ten are learned from, "
            f"and {percent(rows.shared_tracks)} of the tracks that are tested have pieces among "
            "them. To name the genre it then suffices to recognise the recording, and that is "
            "easy: whatever helps with it (deep trees, narrow kernels, the added axes) raises "
            "the score without knowing more about genres."
        ),
    ]
    if "tracks" in found:
        lines.append(
            "Keep the pieces of a track together and the same model falls to "
            f"{_figure(found['tracks'], 'chunk')}; averaging a track's ten answers brings it to "
            f"{_figure(found['tracks'], 'track_mean')}."
        )
    if "artists" in found:
        lines.append(
            "But GTZAN has albums cut into many tracks, so "
            f"{percent(found['tracks'].shared_artists)} of these tracks still have a known artist "
            f"on the other side. Keep artists apart too and {_figure(found['artists'], 'chunk')} "
            f"remains ({_figure(found['artists'], 'track_mean')} for tracks)."
        )
    if "filtered" in found:
        lines.append(
            "Without copies and wrong labels, and with fewer tracks to learn from, it is "
            f"{_figure(found['filtered'], 'chunk')} ({_figure(found['filtered'], 'track_mean')})."
        )
    lines.append(
        "A person who sends a song to the bot sends one by an artist that it has most likely not "
        "learned from, so only the last two protocols tell what to expect: right about half of "
        "the time among ten genres, where guessing is right once in ten."
    )
    return " ".join(lines)


def _level(splits: Splits, level: Level, title: str) -> str:
    models = list(splits.protocols[0].scores)
    rows = [
        [model, *(share(_score(protocol, model, level)) for protocol in splits.protocols)]
        for model in models
    ]
    heads = [f"{protocol.title} ({protocol.tracks} tracks)" for protocol in splits.protocols]
    return f"### {title}\n\n" + grid(["Model", *heads], rows)


def _figure(protocol: Protocol, level: Level) -> str:
    return share(_score(protocol, SHOWN, level))


def _round(protocol: Protocol, level: Level) -> str:
    return f"{_score(protocol, SHOWN, level):.2f}"


def _score(protocol: Protocol, model: str, level: Level) -> float:
    return next(score.macro_f1 for score in protocol.scores[model] if score.level == level)


def _shipped() -> Score | None:
    """Return what the model that comes with this release reaches on whole tracks."""
    try:
        sidecar = ModelMetadata.read(committed().with_suffix(".json"))
    except ModelError:
        return None
    return next((score for score in sidecar.scores if score.level == "track"), None)
