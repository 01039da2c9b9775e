"""Opening a file and selecting its audio stream, without opening any other file.

A playlist may name other files and addresses, and FFmpeg would follow it. Therefore the file is
opened here, and FFmpeg receives its bytes without its name. FFmpeg may use only the demuxers
listed below, none of which reads playlists, and no protocol.
"""

import errno
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
"""A path (never a URL), or a seekable file opened for reading."""

ADVICE: Final = "Send the music as mp3, m4a, ogg, flac or wav."

_AUDIO_DEMUXERS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,loas,matroska,mov,mp3,"
    "mpc,mpc8,mpeg,mpegts,oma,ogg,rm,tak,tta,voc,w64,wav,wv,xwma"
)
# Allowed so that a picture or a video without sound gets its own error instead of NOT_AUDIO.
_PICTURE_DEMUXERS: Final = (
    "bmp_pipe,gif,h264,ivf,jpeg_pipe,m4v,mpegvideo,png_pipe,tiff_pipe,webp_pipe"
)
_LAST_OFFSET: Final = 1 << 40
"""Largest offset that is tried, in bytes: 1 TiB, which every file system knows."""
_OPTIONS: Final = {
    "format_whitelist": f"{_AUDIO_DEMUXERS},{_PICTURE_DEMUXERS}",
    "protocol_whitelist": "none",
}


class _NamelessFile:
    """A file as FFmpeg sees it: without its name, and without exceptions for odd offsets.

    FFmpeg guesses formats from names, and names come from users. Damaged headers make it seek to
    before the start of a file, or further than any file reaches. Python's files raise ``OSError``
    then, which PyAV prints, and raises later; FFmpeg expects a negative number, and goes on.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read = file.read
        self.tell = file.tell

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the new position; ``-EINVAL`` where there is no such position.

        Raises:
            OSError: the file itself failed.

        """
        before = self._file.tell()
        start = {os.SEEK_SET: 0, os.SEEK_CUR: before}.get(whence)
        if start is None:
            start = self._file.seek(0, os.SEEK_END)
            self._file.seek(before)
        target = start + offset
        if not 0 <= target <= _LAST_OFFSET:
            return -errno.EINVAL
        return self._file.seek(target)


@contextmanager
def open_audio(source: Source) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open a file and select its best audio stream; packets of other streams are discarded.

    Raises:
        AudioError: ``NOT_FOUND``, ``EMPTY_FILE``, ``ENCRYPTED``, ``NOT_AUDIO``,
            ``NO_AUDIO_TRACK``, or ``DAMAGED`` for a file of a known format that cannot be opened.
        OSError: reading the file failed part way.

    """
    with _opened(source) as file:
        file.seek(0)
        head = file.read(signature.HEAD_BYTES)
        file.seek(0)
        if not head:
            raise AudioError(ErrorCode.EMPTY_FILE, f"The file is empty. {ADVICE}")
        if signature.is_encrypted(head):
            raise encrypted()
        with _open_container(file, head) as container:
            yield container, _audio_stream(container)


def encrypted() -> AudioError:
    """Return the error for copy-protected audio."""
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
        # A device or a pipe could block forever.
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


def _open_container(file: BinaryIO, head: bytes) -> InputContainer:
    unknown = AudioError(
        ErrorCode.NOT_AUDIO, f"This is not a sound file, or none of a known kind. {ADVICE}"
    )
    if signature.is_archive_or_document(head):
        raise unknown
    try:
        return av.open(
            _NamelessFile(file), "r", container_options=_OPTIONS, metadata_errors="replace"
        )
    except av.FFmpegError as error:
        name = signature.format_name(head)
        if name is None:
            raise unknown from error
        raise AudioError(
            ErrorCode.DAMAGED,
            f"The file begins like {name} but cannot be read on: it is damaged or only part"
            " of it arrived. Send it again, or save it anew as mp3 or wav.",
        ) from error


def _audio_stream(container: InputContainer) -> AudioStream:
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
    if stream.codec_tag in signature.ENCRYPTED_SAMPLE_ENTRIES:
        raise encrypted()
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    # Workers decode several files at once; each decoder uses one core.
    stream.codec_context.thread_count = 1
    _drop_channel_map(stream)
    return stream


def _drop_channel_map(stream: AudioStream) -> None:
    """Replace a custom channel layout by the plain number of channels.

    PyAV 17.1 to 18.1 share the channel map of a custom layout (found in AIFF, CAF and
    QuickTime files) between ``AudioLayout`` objects, and each of them frees it: the process
    aborts. After this assignment the map has one owner, and frames inherit a layout without
    a map. Mixing to mono needs only the number of channels.
    """
    layout = stream.codec_context.layout
    if layout.nb_channels:
        stream.codec_context.layout = f"{layout.nb_channels} channels"
