"""Suffixes of files that may hold audio."""

from typing import Final

SUFFIXES: Final = frozenset(
    f".{suffix}"
    for suffixes in (
        ("aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "au", "caf", "flac", "m4a", "m4b"),
        ("mka", "mp2", "mp3", "mpc", "oga", "ogg", "opus", "tta", "wav", "weba", "wma", "wv"),
        ("3gp", "asf", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "webm"),
        ("wmv",),
    )
    for suffix in suffixes
)
"""Suffixes of audio and video files; the decoder finds out whether there is audio in one."""
