"""The progress bar: on standard error, and only on a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path


def _on_a_terminal(arguments: list[str]) -> tuple[str, bytes]:
    """Run ``genrebot`` with standard error on a terminal; what stdout and the terminal got."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "genrebot", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(follower)
    drawn = bytearray()
    while True:
        try:
            data = os.read(leader, 4096)
        except OSError:  # Linux reports the end of a terminal like this
            break
        if not data:
            break
        drawn += data
    os.close(leader)
    assert process.stdout is not None
    with process.stdout as output:
        printed = output.read().decode()
    assert process.wait() == 0
    return printed, bytes(drawn)


def test_one_bar_counts_files(song: Path, tmp_path: Path) -> None:
    """Verdicts go to the pipe, the bar to the terminal."""
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).write_bytes(song.read_bytes())
    printed, drawn = _on_a_terminal(["classify", "--json", str(tmp_path)])
    assert len(printed.splitlines()) == 2
    assert b"/2 files" in drawn
    assert b"b.mp3" in drawn
    assert b"probabilities" not in drawn


def test_a_single_file_has_its_own_share(song: Path) -> None:
    """In per cent: there is nothing to count."""
    printed, drawn = _on_a_terminal(["features", str(song)])
    assert printed.startswith("filename,")
    assert b" %" in drawn
    assert b"files" not in drawn
