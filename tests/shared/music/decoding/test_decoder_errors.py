"""Files that cannot be decoded are refused with a code and a helpful sentence."""

import io
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import AudioError, ErrorCode
from shared.music.decoding.decoder import Source, decode, probe
from tests import sounds

HOURS: Final = 3 * 3600.0
NOISE: Final = np.random.default_rng(0).bytes(100_000)
ASF_LOCK: Final = bytes.fromhex("14e68a292226174cb935dae07ee9289c")


def refusal(source: Source | bytes, max_duration_s: float = HOURS) -> AudioError:
    """Return the error of decoding a file; its message must be two sentences."""
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    with pytest.raises(AudioError) as caught:
        list(decode(opened, max_duration_s=max_duration_s))
    assert caught.value.message.endswith(".")
    assert caught.value.message.count(". ") >= 1, "what was wrong, and what would work"
    return caught.value


def protected_wma() -> bytes:
    """A wma whose header holds the object of Windows Media DRM."""
    data = sounds.encode(sounds.tone(1), "wma")
    size = int.from_bytes(data[16:24], "little")
    lock = ASF_LOCK + (24 + 8).to_bytes(8, "little") + bytes(8)
    grown = (size + len(lock)).to_bytes(8, "little")
    count = (int.from_bytes(data[24:28], "little") + 1).to_bytes(4, "little")
    return data[:16] + grown + count + data[28:size] + lock + data[size:]


def common_encryption() -> bytes:
    """An mp4 that FFmpeg itself encrypted (ISO/IEC 23001-7)."""
    file = io.BytesIO()
    lock = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "1" * 32}
    options = {**lock, "encryption_kid": "2" * 32}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=22_050, layout="mono")
        frame = av.AudioFrame.from_ndarray(sounds.tone(2)[np.newaxis], "flt", "mono")
        frame.sample_rate, frame.pts = 22_050, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def four_hours_declared() -> bytes:
    """A flac that declares four hours and holds a second."""
    rate = 8_000
    data = bytearray(sounds.encode(sounds.tone(1, sample_rate=rate), "flac", sample_rate=rate))
    # STREAMINFO: the total number of samples is the low 36 bits of bytes 10 to 17.
    fields = int.from_bytes(data[18:26], "big")
    data[18:26] = (fields >> 36 << 36 | 4 * 3600 * rate).to_bytes(8, "big")
    return bytes(data)


def zipped() -> bytes:
    """An archive with music in it, which is still an archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("song.mp3", sounds.encode(sounds.tone(1), "mp3"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", ErrorCode.EMPTY_FILE),
        (lambda: NOISE, ErrorCode.NOT_AUDIO),
        (lambda: bytes(100_000), ErrorCode.NOT_AUDIO),
        (lambda: b"Dear bot, which genre is this?\n" * 200, ErrorCode.NOT_AUDIO),
        (lambda: b"%PDF-1.7\n" + NOISE, ErrorCode.NOT_AUDIO),
        (zipped, ErrorCode.NOT_AUDIO),
        (sounds.picture, ErrorCode.NO_AUDIO_TRACK),
        (lambda: sounds.video_without_sound("mp4"), ErrorCode.NO_AUDIO_TRACK),
        (lambda: sounds.video_without_sound("mkv"), ErrorCode.NO_AUDIO_TRACK),
        (lambda: sounds.video_without_sound("webm"), ErrorCode.NO_AUDIO_TRACK),
        (protected_wma, ErrorCode.ENCRYPTED),
        (common_encryption, ErrorCode.ENCRYPTED),
        (lambda: b"\0\0\0\x1cftypaax \0\0\0\1" + NOISE, ErrorCode.ENCRYPTED),
        (lambda: b"\0\0\0\1\x57\x90\x75\x36" + NOISE, ErrorCode.ENCRYPTED),
        (lambda: b"RIFF" + NOISE, ErrorCode.DAMAGED),
        (lambda: b"OggS" + NOISE, ErrorCode.DAMAGED),
        (lambda: sounds.encode(sounds.tone(1), "wav")[:44], ErrorCode.DAMAGED),
        (lambda: sounds.encode(sounds.tone(1), "flac")[:100], ErrorCode.DAMAGED),
    ],
)
def test_refused(make: Callable[[], bytes], code: ErrorCode) -> None:
    """Each kind of unusable file has its own error code."""
    assert refusal(make()).code is code


@pytest.mark.parametrize("entry", [b"enca", b"drms", b"aavd"])
def test_protected_sample_entries(entry: bytes) -> None:
    """An encrypted m4a is refused instead of being decoded to noise."""
    data = sounds.encode(sounds.tone(1), "m4a")
    assert data.count(b"mp4a") == 1
    error = refusal(data.replace(b"mp4a", entry))
    assert error.code is ErrorCode.ENCRYPTED
    assert "protected" in error.message


def test_half_an_m4a_is_damaged() -> None:
    """Without its index an m4a cannot be opened; the error names the format."""
    data = sounds.encode(sounds.tone(4), "m4a")
    error = refusal(data[: len(data) // 2])
    assert error.code is ErrorCode.DAMAGED
    assert "m4a" in error.message


def test_mostly_damaged_is_damaged() -> None:
    """A file is refused where most of its packets cannot be decoded."""
    data = sounds.encode(sounds.noise(8), "m4a")
    start = data.index(b"mdat") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big") - 8
    broken = data[:start] + NOISE[:length] + data[start + length :]
    assert refusal(broken).code is ErrorCode.DAMAGED


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """FFmpeg's messages about a damaged file do not reach the terminal."""
    data = sounds.encode(sounds.tune(4), "mp3")
    list(decode(io.BytesIO(data[:20_000] + NOISE[:2000] + data[20_000:]), max_duration_s=HOURS))
    refusal(b"RIFF" + NOISE)
    assert capfd.readouterr() == ("", "")


def test_declared_length_is_refused_before_the_first_block() -> None:
    """A file whose headers give a length above the limit is not decoded."""
    data = sounds.encode(sounds.silence(90), "flac")
    blocks = decode(io.BytesIO(data), max_duration_s=89)
    with pytest.raises(AudioError, match="longer than 1 minute 29 seconds") as caught:
        next(blocks)
    assert caught.value.code is ErrorCode.TOO_LONG


def test_real_length_counts_when_the_declared_one_is_wrong() -> None:
    """Where the headers understate the length, decoding stops at the limit."""
    data = sounds.encode(sounds.tune(8), "opus")
    assert probe(io.BytesIO(data * 5)).duration_s == pytest.approx(8, abs=0.5)
    blocks: list[NDArray[np.float32]] = []
    with pytest.raises(AudioError, match="longer than 10 seconds") as caught:
        blocks.extend(decode(io.BytesIO(data * 5), max_duration_s=10))
    assert caught.value.code is ErrorCode.TOO_LONG
    assert 8 * 22_050 < sum(block.size for block in blocks) <= 10 * 22_050


@pytest.mark.parametrize(
    ("limit_s", "words"),
    [(10_800, "than 3 hours."), (3_600, "than 1 hour."), (5_400, "than 1 hour 30 minutes.")],
)
def test_the_error_gives_the_limit_in_words(limit_s: float, words: str) -> None:
    """In hours, minutes and seconds."""
    assert words in refusal(four_hours_declared(), limit_s).message


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    """The error for missing files, folders and pipes names them without their folder."""
    pipe = tmp_path / "pipe.mp3"
    os.mkfifo(pipe)
    for path in (tmp_path / "none.mp3", tmp_path, pipe, tmp_path / ("x" * 5000)):
        error = refusal(path)
        assert error.code is ErrorCode.NOT_FOUND
        assert str(tmp_path.parent) not in error.message


@pytest.mark.parametrize(
    "prefix", ["file:", "concat:", "http://localhost/", "cache:", "subfile,,:"]
)
def test_a_path_is_never_an_address(
    prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file name is never taken for a URL or an FFmpeg protocol."""
    (tmp_path / "song.wav").write_bytes(sounds.encode(sounds.tone(1), "wav"))
    monkeypatch.chdir(tmp_path)
    assert refusal(f"{prefix}song.wav").code is ErrorCode.NOT_FOUND
    odd = Path("-:song.wav")
    odd.write_bytes(sounds.encode(sounds.tone(1), "wav"))
    assert probe(str(odd)).duration_s == 1


PLAYLISTS: Final = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{0}\n#EXT-X-ENDLIST\n",
    "m3u": "#EXTM3U\n#EXTINF:9,Song\n{0}\n",
    "concat": "ffconcat version 1.0\nfile '{0}'\n",
    "pls": "[playlist]\nFile1={0}\nNumberOfEntries=1\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={0}\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=audio 5004 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
    ' profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period><AdaptationSet><Representation>'
    "<BaseURL>{0}</BaseURL></Representation></AdaptationSet></Period></MPD>",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_playlists_open_neither_files_nor_connections(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Playlists are refused, and the files and addresses in them are not opened."""
    (tmp_path / "song.wav").write_bytes(sounds.encode(sounds.tone(1), "wav"))
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/song.wav"
        for target in ("song.wav", f"file:{tmp_path}/song.wav", address):
            playlist = tmp_path / f"list.{kind}"
            playlist.write_text(PLAYLISTS[kind].format(target))
            assert refusal(playlist).code is ErrorCode.NOT_AUDIO
        with pytest.raises(BlockingIOError):
            server.accept()
