"""The words of the answer: true to the verdict, safe as HTML, and short enough."""

import html
import re
from typing import Any

import numpy as np
import pytest

from services.worker.captions import clip_caption, error_text, verdict_caption
from shared.domain.genres import GENRES
from shared.errors import AudioError, ErrorCode
from shared.music.model.music_detector import FAMILIES, Family
from shared.music.model.verdict import Section, Tag, Verdict

CAPTION_LIMIT = 1024
TAGS = ("b", "i", "pre")
HOSTILE = (
    "<b>bold</b> & <script>alert('x')</script>",
    "</i></pre><a href='https://evil.example'>win</a>",
    "&lt;already&gt; &amp; escaped",
    "x" * 5000,
    "🎷" * 3000,
    "<&>" * 400,
    "line\nbreaks\r\n\tand\u2028tabs",
)


def _verdict(
    *chunks: dict[str, float],
    duration_s: float | None = None,
    sure_from: float = 0.0,
    family: Family = "music",
    **facts: Any,
) -> Verdict:
    """Fold chunks; what a chunk does not name shares the rest evenly."""
    rows = []
    for named in chunks:
        rest = (1 - sum(named.values())) / (len(GENRES) - len(named))
        rows.append([named.get(genre, rest) for genre in GENRES])
    spans = [(3.0 * k, 3.0 * k + 3) for k in range(len(rows))]
    length = duration_s or 3.0 * len(rows)
    return Verdict.of(
        np.array(rows),
        spans,
        duration_s=length,
        model="test",
        sure_from=sure_from,
        family=family,
        **facts,
    )


def _section(start_s: float, end_s: float, **facts: Any) -> Section:
    """A section of classical music without doubt, with changes."""
    known = {"genre": "classical", "confidence": 0.9, "sure": True, "other_style": None, "tags": []}
    return Section(start_s=start_s, end_s=end_s, **{**known, **facts})


def _visible(caption: str) -> str:
    """What a user reads: Telegram counts characters after tags and entities."""
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
    ("named", "words"),
    [
        ({"jazz": 0.83}, "🎵 Jazz, 83 % sure"),
        ({"hiphop": 0.7}, "🎵 Hip-hop, 70 % sure"),
        ({"jazz": 0.999}, "🎵 Jazz, >99 % sure"),
        ({"jazz": 0.69, "pop": 0.2}, "🤔 Hard to tell: jazz (69 %) or pop (20 %)"),
        (
            {"hiphop": 0.4, "pop": 0.3, "disco": 0.05},
            "🤔 Hard to tell: hip-hop (40 %), pop (30 %) or disco (5 %)",
        ),
    ],
)
def test_the_headline_is_as_sure_as_the_verdict(named: dict[str, float], words: str) -> None:
    """A genre is stated alone, or it is one of those that it may be."""
    told = verdict_caption(_verdict(named, sure_from=0.7), None)
    assert _visible(told).split("\n")[0] == words


def test_only_what_is_sure_is_called_sure() -> None:
    """The word is not in an answer that names alternatives."""
    assert "sure" not in verdict_caption(_verdict({"jazz": 0.6}, sure_from=0.7), None)


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("speech", "💬 This sounds like somebody talking, not like music."),
        ("noise", "📻 This sounds like noise, not like music."),
        ("tone", "🔔 This sounds like a single tone, not like music."),
    ],
)
def test_what_is_no_music_gets_no_genre(family: Family, words: str) -> None:
    """That comes first, then the nearest genres without figures, then what to send instead."""
    told = verdict_caption(_verdict({"jazz": 0.9, "hiphop": 0.05}, family=family), "a & b")
    assert _visible(told).split("\n") == [
        words,
        "a & b",
        "",
        "If it is music after all, the nearest would be jazz or hip-hop.",
        "",
        "Send me a piece of music: half a minute of it is best.",
    ]
    assert "<b>" not in told


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sure_from", [0.0, 2.0])
@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_every_answer_is_markup_and_fits(title: str, sure_from: float, family: Family) -> None:
    """Signs such as "<1 %" are escaped; nothing but our three tags is left."""
    rows = [{"classical": 0.998, "hiphop": 0.0015}, *[{"country": 0.999}] * 299]
    verdict = _verdict(*rows, {"classical": 0.9}, sure_from=sure_from, family=family)
    told = verdict_caption(verdict, title)
    assert {*re.findall(r"<[^>]*>", told)} <= {f"<{s}{t}>" for s in ("", "/") for t in TAGS}
    assert not re.search(r"&(?!(lt|gt|amp|quot|#x27);)", told)
    assert len(_visible(told).encode("utf-16-le")) // 2 <= CAPTION_LIMIT


def test_the_bars_show_the_three_likeliest() -> None:
    """In order, aligned, with the shares that were predicted."""
    told = verdict_caption(_verdict({"hiphop": 0.6, "pop": 0.2, "disco": 0.1}), None)
    found = re.search(r"<pre>(.*)</pre>", told, re.DOTALL)
    assert found is not None
    rows = found[1].split("\n")
    assert [row.split()[0] for row in rows] == ["Hip-hop", "Pop", "Disco"]
    assert [row.split()[-2:] for row in rows] == [["60", "%"], ["20", "%"], ["10", "%"]]
    assert len({len(row) for row in rows}) == 1


def test_one_chunk_is_said_to_be_little() -> None:
    """Nothing is counted where there is one piece, however sure the verdict."""
    told = verdict_caption(_verdict({"jazz": 0.8}, duration_s=2.0), None)
    assert "single piece of 3 seconds.\nA longer one would tell more" in told


@pytest.mark.parametrize(
    ("chunks", "sure_from", "advised"), [(8, 0.9, True), (9, 0.9, False), (2, 0.5, False)]
)
def test_a_longer_piece_is_asked_for_where_it_would_help(
    chunks: int, sure_from: float, *, advised: bool
) -> None:
    """Of half a minute, and of what was told for sure, nobody needs more."""
    told = verdict_caption(_verdict(*[{"jazz": 0.8}] * chunks, sure_from=sure_from), None)
    assert ("A longer one would tell more: half a minute is best." in told) is advised


@pytest.mark.parametrize(("share", "doubted"), [(0.95, True), (0.6, False)])
def test_a_strange_sound_is_said_to_be_strange(share: float, *, doubted: bool) -> None:
    """One genre far ahead and still no certainty: it is the sound that is in doubt."""
    told = verdict_caption(_verdict({"jazz": share}, sure_from=2), None)
    assert ("unlike the music I know" in told) is doubted


def test_several_chunks_are_counted() -> None:
    """How many pieces agree, and how much was heard."""
    told = verdict_caption(_verdict(*[{"jazz": 0.8}] * 3, {"rock": 0.6}, duration_s=13.2), None)
    assert "3 of 4 pieces of 3 s say so; heard 0:13 in all." in told
    assert "Counted piece by piece" not in told


def test_pieces_of_an_unsure_verdict_only_sound_like_it() -> None:
    """They do not "say so", for nothing was said."""
    told = verdict_caption(_verdict(*[{"jazz": 0.6}] * 3, {"rock": 0.6}, sure_from=0.7), None)
    assert "3 of 4 pieces of 3 s sound most like jazz; heard 0:12 in all." in told


def test_the_original_rule_is_named_where_it_differs() -> None:
    """Two weak pieces outvote a strong one by count, not by average."""
    told = verdict_caption(_verdict({"metal": 0.98}, {"rock": 0.4}, {"rock": 0.4}), None)
    assert _visible(told).startswith("🎵 Metal, ")
    assert "Counted piece by piece it would be rock (67 %)." in told


def test_the_clip_says_where_it_was_cut() -> None:
    """Minutes and seconds, also beyond an hour; it claims no more than an unsure verdict."""
    assert clip_caption(_verdict({"blues": 0.9}), 3594, 3603) == (
        "What sounds most like blues: 59:54\N{EN DASH}1:00:03"
    )


def test_sections_are_told_with_their_ends() -> None:
    """In place of one genre; the bars then are those of the whole track."""
    sections = [
        _section(0, 15),
        _section(15, 30, genre="reggae"),
        _section(30, 60, sure=False, tags=[Tag("rnb", 0.5), Tag("soul", 0.4)]),
    ]
    told = verdict_caption(_verdict(*[{"jazz": 0.5}] * 20, sections=sections), "A & B")
    first, *_ = told.splitlines()
    assert _visible(first) == "🎵 Classical to 0:15 · reggae to 0:30 · R&B, soul to 1:00"
    assert "R&amp;B" in first
    assert "As a whole:\n<pre>" in told


def test_many_sections_are_counted() -> None:
    """A caption has room for some of them."""
    sections = [_section(15.0 * n, 15.0 * n + 15, genre=GENRES[n % 10]) for n in range(60)]
    told = verdict_caption(_verdict({"jazz": 0.5}, sections=sections), "x" * 5000)
    assert "· and 54 more\n" in told
    assert len(_visible(told)) <= CAPTION_LIMIT


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("electronic", "it sounds electronic, ambient."),
        ("House", "it sounds like house, ambient."),
    ],
)
def test_a_style_beyond_the_ten_genres_is_told_first(style: str, words: str) -> None:
    """Then the nearest of the ten, without bars."""
    tags = [Tag(style, 0.6), Tag("ambient", 0.3)]
    told = verdict_caption(
        _verdict({"jazz": 0.5, "rock": 0.45}, other_style=style, tags=tags), None
    )
    lines = _visible(told).splitlines()
    assert lines[0] == f"🎵 Not one of my ten genres: {words}"
    assert "The nearest of the ten would be jazz (50 %) or rock (45 %)." in lines
    assert "<pre>" not in told
    assert "stands out" not in told


def test_tags_that_stand_out_are_told() -> None:
    """Below the bars, as people write them."""
    told = verdict_caption(
        _verdict({"jazz": 0.9}, tags=[Tag("Mellow", 0.5), Tag("rnb", 0.3)]), None
    )
    assert "What stands out: mellow, R&amp;B." in told.splitlines()
