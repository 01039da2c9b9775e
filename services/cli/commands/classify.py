"""``genrebot classify``: files in, verdicts out."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from services.cli import shown
from services.cli.engine import engine_option
from shared.domain.genres import genre_name
from shared.errors import GenrebotError, ModelError
from shared.formatting import bar, clock, percent
from shared.music.features.engine import AnalyseChunk, EngineName, feature_engine
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


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file and line.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PNG",
    help="Save the picture of why; for several files, the folder to save them in.",
)
@click.option("--model", type=click.Path(path_type=Path), help="Use another model (.cbm).")
@click.option("--why", is_flag=True, help="Say what speaks for the genre, and against it.")
@engine_option
def command(  # noqa: PLR0913 - one for each option
    files: tuple[str, ...],
    plot: Path | None,
    model: Path | None,
    engine: EngineName | None,
    *,
    as_json: bool,
    why: bool,
) -> None:
    """Tell the genre of each FILE: wav, mp3, ogg, opus, m4a, flac, wma, or a video.

    A file that cannot be classified is reported on stderr, the others are done all the
    same, and the exit code is then 1.
    """
    try:
        genre_model = GenreModel.load(model or ReplySettings().model)
        tagger = Tagger.load()
        limit = LimitSettings().max_duration
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    pictures = _pictures(files, plot)
    analyse_chunk = feature_engine(engine or FeatureSettings().feature_engine)
    failed = False
    for file, picture in zip(files, pictures, strict=True):
        name = shown(file)
        try:
            analysis = _analyse(file, genre_model, tagger, analyse_chunk, limit)
        except GenrebotError as error:
            failed = True
            click.echo(f"{name}: {error.message}", err=True)
            if as_json:
                _emit({"file": name, "error": {"code": error.code, "message": error.message}})
        else:
            if picture is not None:
                _save(picture, file, analysis)
            _print(name, analysis.verdict, as_json=as_json, why=why)
    sys.exit(1 if failed else 0)


def _analyse(
    file: str, model: GenreModel, tagger: Tagger, analyse_chunk: AnalyseChunk, limit: float
) -> Analysis:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(escape(shown(Path(file).name)), total=1.0)
        return analyse(
            Path(file),
            model,
            tagger,
            max_duration_s=limit,
            analyse_chunk=analyse_chunk,
            progress=lambda share: progress.update(task, completed=share),
        )


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
        f"  {round(verdict.agreement * n)} of {n} pieces of 3 s agree; "
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
    """Say in one line what the track is, what it may be, or that it is no music."""
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
    # Flushed line by line, so that a reader at the other end of a pipe can keep up.
    click.echo(json.dumps(record, ensure_ascii=False))


def _pictures(files: tuple[str, ...], plot: Path | None) -> list[Path | None]:
    """Say where each file's picture goes, and make the folder."""
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


def _distinct(files: tuple[str, ...]) -> list[str]:
    """Name files so that those of one name in several folders stay apart."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for name in (Path(file).name for file in files):
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def _save(target: Path, file: str, analysis: Analysis) -> None:
    from shared.music.rendering.figure import draw  # noqa: PLC0415 - matplotlib, for --plot alone

    title = analysis.info.title or shown(Path(file).name)
    try:
        target.write_bytes(draw(analysis.preview, analysis.verdict, title=title))
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror}") from error
