"""Files made on the spot, as small as their formats allow."""

import struct
import zlib


def png(width: int = 4, height: int = 4) -> bytes:
    """Build a black PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" * (width + 1) for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def jpeg_header(width: int, height: int) -> bytes:
    """Build a JPEG up to its frame header, behind an APP0 segment and a Huffman table."""
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    table = b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, height, width) + b"\0" * 10
    return b"\xff\xd8" + app0 + table + frame


def ogg_opus(payload: bytes = b"") -> bytes:
    """Build the first page of an OGG/Opus stream, followed by anything."""
    return b"OggS" + b"\0" * 22 + b"\x01\x13" + b"OpusHead\x01\x01" + b"\0" * 9 + payload
