"""Files whose bytes were changed at random: decoded, or refused with a code, and nothing else."""

import errno
import io
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from shared.errors import AudioError
from shared.music.decoding.container import _NamelessFile
from shared.music.decoding.decoder import decode, probe
from tests import sounds

HEADER_BYTES = 256
"""Where most mutations fall: sizes and offsets stand there."""
MUTANTS = 40
"""Mutated files of each format."""
WORDS = (-1, -100, -(1 << 63), (1 << 63) - 1, 1 << 62)
"""Sizes and offsets of 64 bits that no file has."""
ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
SEEKING = ("aiff", "caf", "w64", "wma", "m4a", "mkv")
"""Formats whose demuxers seek by offsets that stand in the file."""


def mutants(data: bytes, seed: int) -> Iterator[bytes]:
    """Change one to eight bytes or one word of eight; cut some of the files short."""
    chance = random.Random(seed)
    for _ in range(MUTANTS):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            end = HEADER_BYTES if chance.random() < 0.8 else len(changed)
            value = chance.choice((0x00, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            changed[chance.randrange(min(end, len(changed)))] = value
        if chance.random() < 0.5:
            at = chance.randrange(HEADER_BYTES)
            changed[at : at + 8] = chance.choice(WORDS).to_bytes(
                8, chance.choice(ORDERS), signed=True
            )
        if chance.random() < 0.2:
            del changed[chance.randrange(1, len(changed)) :]
        yield bytes(changed)


@pytest.mark.parametrize("suffix", SEEKING)
def test_a_mutated_file_is_decoded_or_refused(
    suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No other exception leaves the decoder, and nothing is printed."""
    data = sounds.encode(sounds.tune(1), suffix)
    file = tmp_path / "mutant"
    for mutant in mutants(data, seed=1):
        file.write_bytes(mutant)  # a file on a disk: it refuses other offsets than one in memory
        try:
            probe(file)
            for _ in decode(file, max_duration_s=60):
                pass
        except AudioError:
            continue
    assert capfd.readouterr().err == ""


def test_seeks_out_of_range_are_answered_by_a_number() -> None:
    """The position stays, and what follows reads as if nothing had been asked."""
    chance = random.Random(1)
    plain, wrapped = io.BytesIO(bytes(range(100))), _NamelessFile(io.BytesIO(bytes(range(100))))
    for _ in range(2000):
        whence = chance.choice((os.SEEK_SET, os.SEEK_CUR, os.SEEK_END))
        offset = chance.choice((chance.randint(-300, 300), -(1 << 63), (1 << 63) - 1))
        start = {os.SEEK_SET: 0, os.SEEK_CUR: plain.tell(), os.SEEK_END: 100}[whence]
        if 0 <= start + offset < 1 << 40:
            assert wrapped.seek(offset, whence) == plain.seek(start + offset)
        else:
            assert wrapped.seek(offset, whence) == -errno.EINVAL
        assert wrapped.tell() == plain.tell()
        assert wrapped.read(3) == plain.read(3)


def test_a_failing_disk_is_no_damaged_file() -> None:
    """What the file itself raises is raised on."""

    class Failing(io.BytesIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            if whence == os.SEEK_SET and offset > HEADER_BYTES:
                raise OSError(errno.EIO, "the disk is gone")
            return super().seek(offset, whence)

    with pytest.raises(OSError, match="the disk is gone"):
        _NamelessFile(Failing(bytes(1000))).seek(500)
