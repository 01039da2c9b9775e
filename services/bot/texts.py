"""Every sentence that the bot says, as HTML; job states are rendered in ``status.view``."""

import time
from html import escape
from typing import Final

from aiogram.enums import ContentType
from aiogram.types import BotCommand

from services.bot.config import Retention
from services.bot.estimation.eta import QueueEstimate
from services.bot.usage import Limited, LimitReached
from shared.domain.genres import GENRES, genre_name
from shared.domain.track import Track
from shared.formatting import clock
from shared.music.constants import CHUNK_SECONDS, MIN_TRACK_SECONDS
from shared.settings import LimitSettings
from shared.store.user_slots import UserLineFullError

Refusal = QueueEstimate | LimitReached | UserLineFullError
"""Why a track is not accepted now: the backlog is too long, or a limit is reached."""

BYTES_PER_MB: Final = 1_000_000
MINUTES_PER_HOUR: Final = 60
EXACT_MINUTES: Final = 10
"""Below this, durations are rounded to minutes; above it, to five minutes."""
LABEL_LENGTH: Final = 64
"""Characters of a title or file name that are shown."""

_SUFFIXES: Final = {1: "st", 2: "nd", 3: "rd"}

COMMANDS: Final = [
    BotCommand(command="start", description="What this bot does"),
    BotCommand(command="help", description="What to send, and what comes back"),
    BotCommand(command="genres", description="The ten genres it knows"),
    BotCommand(command="privacy", description="What it keeps, and for how long"),
    BotCommand(command="forget", description="Delete everything that it keeps about you"),
]

SEND_A_TRACK: Final = "Send me a track: an audio file, a voice message or a video. /help says more."

_INSTEAD: Final = {
    ContentType.TEXT: "I listen better than I read, and I cannot open links.",
    ContentType.PHOTO: "Nice picture, but it makes no sound.",
    ContentType.STICKER: "Nice sticker, but it makes no sound.",
    ContentType.ANIMATION: "An animation has no sound that I could hear.",
    ContentType.DOCUMENT: "That file does not look like music to me.",
}
_OTHERWISE: Final = "I cannot hear any music in that."

QUEUE_AWAY: Final = (
    "The queue is away for a moment; your track is kept. I will start on it by myself."
)
TRY_AGAIN: Final = "Try again"
"""On the button under ``backlog_full``."""
ACCEPTED: Final = "It is in the queue."
TRACK_GONE: Final = "I cannot see the track any more. Please send it once more."
NO_WORKERS: Final = "It may take longer: nobody is at work just now."
NOT_SERVED: Final = (
    "This bot is for invited people only. If you know who runs it, ask them to let you in."
)
OOPS: Final = (
    "Something went wrong on my side, and it has been noted. Please send that once more in a while."
)


def start() -> str:
    """Greet, and say what the bot does."""
    return (
        "<b>Hello! I tell which genre a piece of music is.</b>\n\n"
        "Send me a track, and I listen to all of it, name its genre out of ten,"
        " say how sure I am, and show you where in the track I heard what.\n\n"
        "/help: what to send, and what comes back\n"
        "/genres: what I can tell apart"
    )


def help_text(limits: LimitSettings) -> str:
    """Say what to send, within which limits, and what comes back."""
    return (
        "<b>What to send</b>\n"
        "An audio file, a voice message, a video or a video message; or a file such as"
        " mp3, m4a, flac, wav, ogg, opus, wma, aiff, mp4, mkv or webm."
        f" Up to {megabytes(limits.max_file_size)} and {clock(limits.max_duration)} long,"
        f" and at least {MIN_TRACK_SECONDS} second.\n\n"
        "<b>What happens</b>\n"
        f"I hear the whole track, in pieces of {CHUNK_SECONDS} seconds, and judge every piece;"
        " the verdict is the average. While I work, one message shows how far I am.\n\n"
        "<b>What comes back</b>\n"
        "The genre, how sure I am of it, the runners-up, and a picture: the spectrogram of the"
        " track (time runs to the right, pitch upwards, loud is bright), and below it the genre"
        " of every piece in its colour.\n\n"
        "<b>In groups</b>\n"
        "I answer tracks only. Telegram shows me those sent in reply to me, or all of them if"
        " I am an administrator."
    )


def genres() -> str:
    """List the genres."""
    listed = "\n".join(f"• {genre_name(genre)}" for genre in GENRES)
    return (
        f"<b>I know these ten genres:</b>\n{listed}\n\n"
        "I learnt them from recordings of the 20th century. Whatever else you send, I name"
        " the nearest of the ten; how sure I am tells you how near that is."
    )


def privacy(retention: Retention) -> str:
    """Say what is kept, and for how long."""
    return (
        "<b>What I keep, and for how long</b>\n"
        f"• The sound you send: until I have judged it, and for {period(retention.audio_s)}"
        " at most.\n"
        "• What belongs to a track (its name and length, your id, the chat and the message):"
        f" {period(retention.job_s)}.\n"
        "• The verdict on a file, so that the same file need not be heard twice:"
        f" {period(retention.result_s)} after it was last asked for. It does not say who sent the"
        " file, what they called it, or in which chat.\n"
        "• How many tracks and hours you have sent, as counts under your id: a day at most.\n\n"
        "I learn from nothing that you send.\n\n"
        "/forget deletes everything of yours at once, the counts excepted."
    )


def forgotten(cancelled: int) -> str:
    """Say that everything of a user was deleted."""
    text = "Everything that I kept about you is deleted."
    if cancelled == 0:
        return text
    tracks = "The track" if cancelled == 1 else f"The {cancelled} tracks"
    return f"{text} {tracks} that I was working on will get no verdict."


def period(seconds: int) -> str:
    """Write for how long something is kept, exactly."""
    for unit, length_s in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % length_s == 0 and (seconds > length_s or unit != "day"):
            number = seconds // length_s
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    raise AssertionError("a second divides every number")


def instead(content_type: str) -> str:
    """Reply to something that is no track."""
    return f"{_INSTEAD.get(ContentType(content_type), _OTHERWISE)} {SEND_A_TRACK}"


def refusal(track: Track, limits: LimitSettings) -> str | None:
    """Say why a track is not accepted, by what Telegram says about it; None to accept it."""
    if track.file_size is not None and track.file_size > limits.max_file_size:
        return (
            f"This file has {megabytes(track.file_size)}, and I can fetch no more than"
            f" {megabytes(limits.max_file_size)}. Send an excerpt, or the same track at a lower"
            " bitrate: 128 kbit/s is plenty to tell a genre."
        )
    if track.duration_s is not None and track.duration_s > limits.max_duration:
        return (
            f"This track is {clock(track.duration_s)} long, and I listen to no more than"
            f" {clock(limits.max_duration)}. Send an excerpt, or the parts one by one."
        )
    return None


def not_accepted(refused: Refusal) -> str:
    """Say why a track is not accepted now, and when it would be."""
    if isinstance(refused, UserLineFullError):
        return line_full(refused)
    return (
        backlog_full(refused)
        if isinstance(refused, QueueEstimate)
        else limit_reached(refused, time.time())
    )


def still_not_accepted(refused: Refusal) -> str:
    """Say the same in few words and without markup, for an alert."""
    if isinstance(refused, UserLineFullError):
        return line_full(refused)
    return (
        backlog_still_full(refused)
        if isinstance(refused, QueueEstimate)
        else limit_reached(refused, time.time())
    )


def line_full(full: UserLineFullError) -> str:
    """Say that enough of the user's own tracks are waiting."""
    return f"{full.in_line} of yours are waiting already. Send this one when some of them are done."


def limit_reached(limit: LimitReached, now: float) -> str:
    """Say which limit is reached, and when it goes on.

    Args:
        limit: The limit.
        now: Seconds since the epoch.

    """
    whom = "one person" if limit.scope == "user" else "one chat"
    if limit.resumes_at is None:
        return (
            f"This track alone is longer than {hours(limit.amount)}, the most that I take from"
            f" {whom} within a day. Send a part of it."
        )
    left = duration(limit.resumes_at - now)
    if limit.what is Limited.HOURS:
        return (
            f"With this track it would be more than {hours(limit.amount)} of music within a day,"
            f" the most that I take from {whom}. Send it again in {left}."
        )
    tracks = "1 track" if limit.amount == 1 else f"{limit.amount:g} tracks"
    period = "minute" if limit.what is Limited.UPLOADS else "day"
    return (
        f"That was {tracks} within a {period}, as many as I take from {whom}."
        f" Send this one again in {left}."
    )


def hours(number: float) -> str:
    """Write a number of hours."""
    return "an hour" if number == 1 else f"{number:g} hours"


def backlog_full(estimate: QueueEstimate) -> str:
    """Say that the backlog is too long, and how long this track would take."""
    text = (
        "There is more to listen to just now than I can take on, so this track is not in the queue."
        f" Its answer would take {duration(estimate.left_s)}. Try again in a while."
    )
    return text if estimate.attended else f"{text} {NO_WORKERS}"


def backlog_still_full(estimate: QueueEstimate) -> str:
    """Say the same in few words and without markup, for an alert."""
    return f"Still too much to do: it would take {duration(estimate.left_s)}. Try again later."


def duration(seconds: float) -> str:
    """Say how long something will take, no more exactly than an estimate can know."""
    minutes = seconds / 60
    if minutes < 1:
        return "under a minute"
    if minutes < EXACT_MINUTES:
        return f"about {round(minutes)} min"
    if (rounded := 5 * round(minutes / 5)) < MINUTES_PER_HOUR:
        return f"about {rounded} min"
    return f"about {hours(round(2 * minutes / MINUTES_PER_HOUR) / 2)}"


def megabytes(size: int) -> str:
    """Write a size in bytes as MB, with one decimal unless it is whole."""
    tenths = -(-size * 10 // BYTES_PER_MB)  # rounded up: 20.01 MB must not read as 20 MB
    return f"{tenths // 10} MB" if tenths % 10 == 0 else f"{tenths / 10} MB"


def ordinal(number: int) -> str:
    """Write 3 as 3rd; ``number`` is at least 1."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{_SUFFIXES.get(number % 10, 'th')}"


def label(track: Track) -> str | None:
    """Name a track, as HTML. The name comes from the user, so it is shortened and escaped."""
    name = " ".join((track.label or "").split())
    if len(name) > LABEL_LENGTH:
        name = name[: LABEL_LENGTH - 1].rstrip() + "…"
    return escape(name, quote=False) or None
