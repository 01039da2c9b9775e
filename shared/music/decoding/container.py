"""Opening a file and finding its sound, without ever opening anything else.

A playlist may name other files and addresses, and FFmpeg would follow it. So the
file is opened here and FFmpeg is handed its bytes alone, not its name; it may use
the demuxers listed below, none of which is a playlist, and no protocol.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from shared.errors import AudioError, ErrorCode
from shared.music.decoding import signature

Source = str | os.PathLike[str] | BinaryIO
"""A path, never an address, or a file that can be read and sought."""

ADVICE: Final = "Send the music as mp3, m4a, ogg, flac or wav."

_SOUND: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,loas,matroska,mov,mp3,"
    "mpc,mpc8,mpeg,mpegts,oma,ogg,rm,tak,tta,voc,w64,wav,wv,xwma"
)
# Recognized only to be told apart from what is no medium at all.
_PICTURES: Final = "bmp_pipe,gif,h264,ivf,jpeg_pipe,m4v,mpegvideo,png_pipe,tiff_pipe,webp_pipe"
_OPTIONS: Final = {"format_whitelist": f"{_SOUND},{_PICTURES}", "protocol_whitelist": "none"}


class _Bytes:
    """A file without its name: FFmpeg guesses from names, and names come from users."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


@contextmanager
def open_sound(source: Source) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open a file and its best audio stream; every other stream is left unread.

    Raises:
        AudioError: ``NOT_FOUND``, ``EMPTY_FILE``, ``ENCRYPTED``, ``NOT_AUDIO``,
            ``NO_AUDIO_TRACK``, or ``DAMAGED`` for a known kind of file that cannot be opened.
        OSError: reading the file failed part way.

    """
    with _opened(source) as file:
        file.seek(0)
        head = file.read(signature.HEAD_BYTES)
        file.seek(0)
        if not head:
            raise AudioError(ErrorCode.EMPTY_FILE, f"The file is empty. {ADVICE}")
        if signature.is_locked(head):
            raise locked()
        with _demuxed(file, head) as container:
            yield container, _sound_of(container)


def locked() -> AudioError:
    """The error for sound that only its seller's player can play."""
    return AudioError(
        ErrorCode.ENCRYPTED,
        f"The file is copy-protected (DRM), so its sound cannot be read. {ADVICE}",
    )


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if not isinstance(source, str | os.PathLike):
        yield source
        return
    path = Path(source)
    try:
        # A device or a pipe may never end, or never begin.
        file = path.open("rb") if path.is_file() else None
    except OSError:
        file = None
    if file is None:
        raise AudioError(
            ErrorCode.NOT_FOUND,
            f"There is no readable file {path.name!r}. Check the path and the permissions.",
        )
    with file:
        yield file


def _demuxed(file: BinaryIO, head: bytes) -> InputContainer:
    unknown = AudioError(
        ErrorCode.NOT_AUDIO, f"This is not a sound file, or none of a known kind. {ADVICE}"
    )
    if signature.is_no_medium(head):
        raise unknown
    try:
        return av.open(_Bytes(file), "r", container_options=_OPTIONS, metadata_errors="replace")
    except av.FFmpegError as error:
        name = signature.kind(head)
        if name is None:
            raise unknown from error
        raise AudioError(
            ErrorCode.DAMAGED,
            f"The file begins like {name} but cannot be read on: it is damaged or only part"
            " of it arrived. Send it again, or save it anew as mp3 or wav.",
        ) from error


def _sound_of(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise AudioError(
            ErrorCode.NO_AUDIO_TRACK,
            f"The file holds pictures but no sound. {ADVICE}",
        )
    best = container.streams.best("audio")
    stream = best if isinstance(best, AudioStream) else container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioError(
            ErrorCode.NOT_AUDIO,
            f"The sound is coded in a way that cannot be read here. {ADVICE}",
        )
    if stream.codec_tag in signature.LOCKED_SAMPLE_ENTRIES:
        raise locked()
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    # The queue decodes many files side by side; one file takes one core.
    stream.codec_context.thread_count = 1
    _forget_channel_names(stream)
    return stream


def _forget_channel_names(stream: AudioStream) -> None:
    """Replace the names of the channels by their number, all that a mean needs.

    PyAV 17.1 to 18.1 share the map of a custom layout (AIFF, CAF and QuickTime may have
    one) with every ``AudioLayout`` and free it with each: the process aborts. Read once
    and overwritten, it has one owner, and the frames inherit a layout without a map.
    """
    layout = stream.codec_context.layout
    if layout.nb_channels:
        stream.codec_context.layout = f"{layout.nb_channels} channels"
