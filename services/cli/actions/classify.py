"""Classifies files and prints the verdicts."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from services.cli.inputs import Input
from services.cli.progress import file_progress
from shared.domain.genres import genre_name
from shared.errors import GenrebotError, ModelError
from shared.formatting import bar, clock, percent
from shared.music.features.engine import EngineName, feature_engine
from shared.music.model.classifier import GenreModel
from shared.music.model.verdict import Section, Verdict
from shared.music.pipeline import Analysis, analyse
from shared.music.rendering.wording import (
    LIKENESS,
    candidates,
    either,
    section_ends,
    sounds_like,
    tag_names,
)
from shared.music.tagging.tagger import Tagger, tag_name
from shared.settings import FeatureSettings, LimitSettings, ReplySettings


def classify(  # noqa: PLR0913 - one for each option
    inputs: Sequence[Input],
    plot: Path | None,
    model: Path | None,
    engine: EngineName | None,
    *,
    as_json: bool,
    why: bool = False,
) -> bool:
    """Classify files one after another, and print each verdict at once.

    Args:
        inputs: the files.
        plot: the picture's file, or a folder for the pictures of several.
        model: another model than that of the settings.
        engine: another feature engine than that of the settings.
        as_json: print JSON.
        why: say what speaks for the genre, and against it.

    Returns:
        Whether all files could be classified.

    Raises:
        click.ClickException: the model cannot be loaded, or a picture cannot be written.

    """
    try:
        genre_model = GenreModel.load(model or ReplySettings().model)
        tagger = Tagger.load()
        limit = LimitSettings().max_duration
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    analyse_chunk = feature_engine(engine or FeatureSettings().feature_engine)
    pictures = _pictures(inputs, plot)
    failed = False
    with file_progress(len(inputs)) as progress:
        for done, (file, picture) in enumerate(zip(inputs, pictures, strict=True)):
            try:
                analysis = analyse(
                    file.source,
                    genre_model,
                    tagger,
                    max_duration_s=limit,
                    analyse_chunk=analyse_chunk,
                    progress=partial(progress, done, file.file_name),
                )
            except GenrebotError as error:
                failed = True
                click.echo(f"{file.name}: {error.message}", err=True)
                if as_json:
                    failure = {"code": error.code, "message": error.message}
                    _emit({"file": file.name, "error": failure})
            else:
                if picture is not None:
                    _save(picture, file, analysis)
                _print(file.name, analysis.verdict, as_json=as_json, why=why)
    return not failed


def as_record(file: str, verdict: Verdict) -> dict[str, Any]:
    """Return the JSON object for a file."""
    return {
        "file": file,
        "duration_s": round(verdict.duration_s, 3),
        "genre": verdict.genre,
        "confidence": verdict.confidence,
        "sure": verdict.sure,
        "candidates": verdict.candidates,
        "family": verdict.family,
        "other_style": verdict.other_style,
        "tags": [tag._asdict() for tag in verdict.tags],
        "sections": [_section_record(section) for section in verdict.sections],
        "reasons": [reason.model_dump() for reason in verdict.reasons],
        "probabilities": verdict.probabilities,
        "top": [{"genre": genre, "probability": p} for genre, p in verdict.top],
        "majority_genre": verdict.majority_genre,
        "majority_share": verdict.majority_share,
        "agreement": verdict.agreement,
        "chunks": [chunk.model_dump() for chunk in verdict.chunks],
        "model": verdict.model,
    }


def _section_record(section: Section) -> dict[str, Any]:
    return {**section.model_dump(), "tags": [tag._asdict() for tag in section.tags]}


def _print(file: str, verdict: Verdict, *, as_json: bool, why: bool) -> None:
    if as_json:
        _emit(as_record(file, verdict))
        return
    click.echo(f"{file}: {_headline(verdict)}")
    if verdict.family != "music":
        return  # shares of genres hold for music only
    for genre, p in verdict.top:
        click.echo(f"  {genre_name(genre):<10} {bar(p, 20)} {percent(p):>5}")
    if verdict.other_style is None and (tags := tag_names(verdict)):
        click.echo(f"  what stands out: {', '.join(tags)}")
    n = len(verdict.chunks)
    click.echo(
        f"  {round(verdict.agreement * n)} of {n} chunks of 3 s agree; "
        f"the most frequent is {genre_name(verdict.majority_genre).lower()}; "
        f"{clock(verdict.duration_s)} heard"
    )
    if why:
        _print_reasons(verdict)


def _print_reasons(verdict: Verdict) -> None:
    genre = genre_name(verdict.genre).lower()
    for heading, sign in ((f"for {genre}", 1), (f"against {genre}", -1)):
        texts = [reason.text for reason in verdict.reasons if reason.value * sign > 0]
        if texts:
            click.echo(f"  {heading}: {' '.join(texts)}")


def _headline(verdict: Verdict) -> str:
    """Return one line: the genre, the genres it may be, or that it is not music."""
    if verdict.by_section:
        ends, more = section_ends(verdict)
        parts = [f"{name} to {end}" for name, end in ends]
        return " · ".join([*parts, f"and {more} more"] if more else parts)
    if verdict.other_style is not None:
        style = ", ".join([tag_name(verdict.other_style), *tag_names(verdict)])
        nearest = either([f"{name} ({share})" for name, share in candidates(verdict)])
        like = sounds_like(verdict.other_style)
        return f"none of the ten genres, sounds {like}{style}; nearest would be {nearest}"
    if verdict.sure:
        return f"{genre_name(verdict.genre)}, {percent(verdict.confidence)} sure"
    if verdict.family == "music":
        named = either([f"{name} ({share})" for name, share in candidates(verdict)])
        return f"hard to tell: {named}"
    nearest = either([name for name, _ in candidates(verdict)])
    return f"sounds like {LIKENESS[verdict.family]}, not like music; nearest would be {nearest}"


def _emit(record: dict[str, Any]) -> None:
    # click.echo flushes, for a reader at the other end of a pipe.
    click.echo(json.dumps(record, ensure_ascii=False))


def _pictures(files: Sequence[Input], plot: Path | None) -> list[Path | None]:
    """Return the path of each file's picture, and create the folder."""
    if plot is None:
        return [None] * len(files)
    if len(files) == 1 and not plot.is_dir():
        folder, targets = plot.parent, [plot]
    elif plot.suffix and not plot.is_dir():
        raise click.UsageError("for several files, --plot takes a folder")
    else:
        folder, targets = plot, [plot / f"{name}.png" for name in _distinct(files)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"--plot: cannot make {folder}: {error.strerror}") from error
    return list(targets)


def _distinct(files: Sequence[Input]) -> list[str]:
    """Return a distinct name for each file, also where folders hold files of the same name."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for name in (file.file_name for file in files):
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def _save(target: Path, file: Input, analysis: Analysis) -> None:
    from shared.music.rendering.figure import draw  # noqa: PLC0415 - matplotlib, for --plot alone

    title = analysis.info.title or file.file_name
    try:
        target.write_bytes(draw(analysis.preview, analysis.verdict, title=title))
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror}") from error
