"""The words of the answer: true to the verdict, safe as HTML, and short enough."""

import html
import re

import numpy as np
import pytest

from services.worker.caption import clip_caption, error_text, verdict_caption
from shared.errors import AudioError, ErrorCode
from shared.genres import GENRES
from shared.music.verdict import Verdict

CAPTION_LIMIT = 1024
HOSTILE = (
    "<b>bold</b> & <script>alert('x')</script>",
    "</i></pre><a href='https://evil.example'>win</a>",
    "&lt;already&gt; &amp; escaped",
    "x" * 5000,
    "🎷" * 3000,
    "<&>" * 400,
    "line\nbreaks\r\n\tand\u2028tabs",
)


def _verdict(*chunks: dict[str, float], duration_s: float | None = None) -> Verdict:
    """Fold chunks; what a chunk does not name shares the rest evenly."""
    rows = []
    for named in chunks:
        rest = (1 - sum(named.values())) / (len(GENRES) - len(named))
        rows.append([named.get(genre, rest) for genre in GENRES])
    spans = [(3.0 * k, 3.0 * k + 3) for k in range(len(rows))]
    length = duration_s or 3.0 * len(rows)
    return Verdict.of(np.array(rows), spans, duration_s=length, model="test")


def _visible(caption: str) -> str:
    """What a person reads: Telegram counts characters after tags and entities."""
    return html.unescape(re.sub(r"</?(b|i|pre)>", "", caption))


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_no_title_breaks_out_of_its_line(title: str) -> None:
    """Tags are ours alone and balanced, the title is one line, and everything fits."""
    told = verdict_caption(_verdict({"jazz": 0.8}, {"rock": 0.9}, {"jazz": 0.7}), title)
    assert re.findall(r"<[^>]*>", told) == ["<b>", "</b>", "<i>", "</i>", "<pre>", "</pre>"]
    assert len(_visible(told).encode("utf-16-le")) // 2 <= CAPTION_LIMIT
    line = _visible(told).split("\n")[1]
    assert " ".join(title.split())[:40] == line[:40]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_an_error_is_told_under_the_same_title(title: str) -> None:
    """Its sentence is escaped too: it may quote the file."""
    told = error_text(AudioError(ErrorCode.DAMAGED, "Not <good> & so on."), title)
    assert re.findall(r"<[^>]*>", told) == ["<i>", "</i>"]
    assert _visible(told).endswith("\n😕 Not <good> & so on.")


@pytest.mark.parametrize("label", [None, "", "  \n"])
def test_a_track_without_a_name_has_no_line_for_it(label: str | None) -> None:
    """Neither an empty tag nor a gap."""
    assert "<i>" not in verdict_caption(_verdict({"jazz": 0.8}), label)
    assert error_text(AudioError(ErrorCode.SILENT, "Silent."), label) == "😕 Silent."


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (0.99, "🎵 Jazz, 99% sure"),
        (0.70, "🎵 Jazz, 70% sure"),
        (0.69, "🎵 Probably jazz, 69% sure"),
        (0.45, "🎵 Probably jazz, 45% sure"),
        (0.44, "🎵 Hard to tell; closest to jazz, 44% sure"),
        (0.12, "🎵 Hard to tell; closest to jazz, 12% sure"),
    ],
)
def test_the_headline_is_as_sure_as_the_verdict(confidence: float, words: str) -> None:
    """A genre is stated, called likely, or only named as the closest."""
    told = verdict_caption(_verdict({"jazz": confidence}), None)
    assert _visible(told).split("\n")[0] == words


def test_the_bars_show_the_three_likeliest() -> None:
    """In order, aligned, with the shares that were predicted."""
    told = verdict_caption(_verdict({"hiphop": 0.6, "pop": 0.2, "disco": 0.1}), None)
    found = re.search(r"<pre>(.*)</pre>", told, re.DOTALL)
    assert found is not None
    rows = found[1].split("\n")
    assert [row.split()[0] for row in rows] == ["Hip-hop", "Pop", "Disco"]
    assert [row.split()[-1] for row in rows] == ["60%", "20%", "10%"]
    assert len({len(row) for row in rows}) == 1


def test_one_chunk_is_said_to_be_little() -> None:
    """Nothing is counted where there is one piece."""
    told = verdict_caption(_verdict({"jazz": 0.8}, duration_s=2.0), None)
    assert "single piece of 3 seconds" in told


def test_several_chunks_are_counted() -> None:
    """How many pieces agree, and how much was heard."""
    told = verdict_caption(_verdict(*[{"jazz": 0.8}] * 3, {"rock": 0.6}, duration_s=13.2), None)
    assert "3 of 4 pieces of 3 s say so; heard 0:13 in all." in told
    assert "Counted piece by piece" not in told


def test_the_original_rule_is_named_where_it_differs() -> None:
    """Two weak pieces outvote a strong one by count, not by average."""
    told = verdict_caption(_verdict({"metal": 0.98}, {"rock": 0.4}, {"rock": 0.4}), None)
    assert _visible(told).startswith(("🎵 Hard to tell; closest to metal", "🎵 Probably metal"))
    assert "Counted piece by piece it would be rock (67%)." in told


def test_the_clip_says_where_it_was_cut() -> None:
    """Minutes and seconds, also beyond an hour."""
    assert clip_caption(_verdict({"blues": 0.9}), 3594, 3603) == (
        "What sounds most like blues: 59:54\N{EN DASH}1:00:03"
    )
