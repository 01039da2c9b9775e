"""The picture of a verdict."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from numpy.typing import NDArray

from shared.domain.genres import GENRES
from shared.music.model.music_detector import FAMILIES, Family
from shared.music.model.verdict import Verdict
from shared.music.rendering.figure import draw, warm_up
from shared.music.rendering.fonts import drawable, fitting_size_px, text_width_px
from shared.music.rendering.theme import COLOURS, EDGE, HEIGHT_PX, INK, RIGHT, WIDTH_PX

TELEGRAM_PHOTO_BYTES = 10 * 2**20
BACKGROUND = np.array([0x10, 0x16, 0x20])
HOSTILE_TITLES = {
    "mathtext": r"$\frac{1}{0}$ and $",
    "tex": r"\input{/etc/passwd} \textbf{",
    "chinese": "千のナイフ 东京",
    "emoji": "🎸🔥👩‍👩‍👧",
    "mixed": "東 Queen — Bohemian Rhapsody",
    "arabic": "أم كلثوم",
    "devanagari": "लता मंगेशकर",
    "controls": "a\x00b\x1b[31m\nc\td",
    "bidi": "\u202eevil\u202c",
    "combining": "Z̷̡̛a̸l̵g̶o" * 40,
    "private": "\ue000\uf8ff",
    "surrogate": "broken \ud800 name",
    "long": "W" * 5000,
    "spaces": " \t\n ",
    "empty": "",
}


def verdict(n_chunks: int, genres: tuple[str, ...] = GENRES) -> Verdict:
    """Return a verdict on chunks of these genres in turn."""
    table = np.full((n_chunks, len(GENRES)), 0.04)
    table[range(n_chunks), [GENRES.index(genres[i % len(genres)]) for i in range(n_chunks)]] = 0.64
    spans = [(3.0 * i, 3.0 * i + 3) for i in range(n_chunks)]
    return Verdict.of(table, spans, duration_s=3.0 * n_chunks, model="m")


def told(
    named: dict[str, float], *, sure: bool = False, n: int = 3, family: Family = "music"
) -> Verdict:
    """Return a verdict on a few chunks with these probabilities."""
    row = np.full(len(GENRES), (1 - sum(named.values())) / (len(GENRES) - len(named)))
    for genre, share in named.items():
        row[GENRES.index(genre)] = share
    spans = [(3.0 * i, 3.0 * i + 3) for i in range(n)]
    wanted = 0.0 if sure else 2.0
    return Verdict.of(
        np.tile(row, (n, 1)), spans, duration_s=3.0 * n, model="m", sure_from=wanted, family=family
    )


LONGEST = {"classical": 0.29, "hiphop": 0.28, "country": 0.27}
HEADINGS: dict[str, Verdict] = {
    "sure": told({"classical": 0.998}, sure=True),
    "two": told({"classical": 0.46, "hiphop": 0.44}),
    "three": told(LONGEST),
    "three of one chunk": told(LONGEST, n=1),
    "three of an hour": told(LONGEST, n=1200),
    **{family: told({"classical": 0.9}, family=family) for family in FAMILIES[1:]},
}


def preview(columns: int) -> NDArray[np.uint8]:
    """Return a preview of noise."""
    return np.random.default_rng(0).integers(60, 200, (128, columns), dtype=np.uint8)


def pixels(png: bytes) -> NDArray[np.uint8]:
    """Decode a picture to an array of shape (height, width, 3)."""
    shares: NDArray[np.float64] = imread(io.BytesIO(png), "png")[..., :3]
    return np.rint(shares * 255).astype(np.uint8)


def has_colour(image: NDArray[np.uint8], genre: str) -> bool:
    """Tell whether a picture has as many pixels of a genre's colour as the legend draws."""
    colour = np.rint(np.array(to_rgb(COLOURS[genre])) * 255)
    return int((image == colour).all(axis=2).sum()) >= 700


@pytest.mark.parametrize(("n_chunks", "columns"), [(1, 44), (10, 1200), (3600, 3600)])
def test_draws_tracks_of_any_length(n_chunks: int, columns: int) -> None:
    """From a second to three hours: a PNG of one size, small enough for Telegram."""
    png = draw(preview(columns), verdict(n_chunks), title="A title")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert pixels(png).shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert len(png) < TELEGRAM_PHOTO_BYTES / 4


def test_shows_the_genres_that_occur_and_no_others() -> None:
    """The picture has the colours of the chunks' genres only."""
    image = pixels(draw(preview(100), verdict(6, ("jazz", "pop", "reggae"))))
    assert {g for g in GENRES if has_colour(image, g)} == {"jazz", "pop", "reggae"}


def test_has_room_for_all_ten_genres() -> None:
    """All ten colours are in the picture."""
    image = pixels(draw(preview(100), verdict(20)))
    assert all(has_colour(image, genre) for genre in GENRES)


def test_shows_a_genre_that_no_chunk_has() -> None:
    """The genre of the track is in the legend in any case."""
    table = np.full((2, 10), 0.05 / 8)
    table[0, [GENRES.index("pop"), GENRES.index("disco")]] = 0.5, 0.45
    table[1, [GENRES.index("rock"), GENRES.index("disco")]] = 0.5, 0.45
    medley = Verdict.of(table, [(0, 3), (3, 6)], duration_s=6, model="m")
    image = pixels(draw(preview(10), medley))
    assert medley.genre == "disco"
    assert all(has_colour(image, genre) for genre in ("disco", "pop", "rock"))


@pytest.mark.parametrize("said", HEADINGS.values(), ids=HEADINGS.keys())
def test_the_heading_fits(said: Verdict) -> None:
    """Three lines within the margins, with space between them."""
    ink = (pixels(draw(preview(10), said, title="W" * 99)) != BACKGROUND).any(axis=2)
    columns = np.flatnonzero(ink.any(axis=0))
    assert columns[0] >= EDGE - 2
    assert columns[-1] <= RIGHT + 2
    rows = ink[:260].any(axis=1)  # down to the spectrogram's caption
    starts = np.flatnonzero(rows[1:] & ~rows[:-1])
    assert len(starts) == 3
    assert not rows[0]
    assert not rows[-1]


def test_an_unsure_heading_mutes_its_colours() -> None:
    """Only a sure genre has its own colour."""
    named = {"jazz": 0.45, "rock": 0.35}
    heads = [pixels(draw(preview(10), told(named, sure=sure)))[:170] for sure in (True, False)]
    assert [has_colour(head, "jazz") for head in heads] == [True, False]
    assert not has_colour(heads[1], "rock")


def test_no_music_has_a_grey_heading_without_percentages() -> None:
    """Whatever the nearest genre and its probability are."""
    head, other = (
        pixels(draw(preview(10), told({genre: share}, family="noise")))[:100]
        for genre, share in (("jazz", 0.9), ("rock", 0.4))
    )
    assert np.array_equal(head, other)
    light = np.rint(np.array(to_rgb(INK)) * 255)
    assert not (head == light).all(axis=2).any()


def test_candidates_share_a_line_from_edge_to_edge() -> None:
    """The three longest names are written as large as they fit."""
    line = "Classical, Country or Hip-hop?"
    size = fitting_size_px(line, max_px=96, width_px=RIGHT - EDGE, bold=True)
    assert (
        text_width_px(line, size, bold=True)
        <= RIGHT - EDGE
        < text_width_px(line, size + 2, bold=True)
    )
    assert fitting_size_px("Pop?", max_px=96, width_px=RIGHT - EDGE, bold=True) == 96


def test_spectrogram_is_the_right_way_up() -> None:
    """Low bands are at the bottom, early columns on the left."""
    bright = np.full((128, 100), 40, np.uint8)
    bright[:64, :50] = 200
    image = pixels(draw(bright, verdict(4, ("blues",)))).astype(int).sum(axis=2)
    box = image[340:780, 140:1010]  # well within the spectrogram
    upper, lower = np.array_split(box, 2)
    assert lower[150:, :400].mean() > 3 * lower[150:, 480:].mean()
    assert lower[150:, :400].mean() > 3 * upper[:150, :400].mean()


@pytest.mark.parametrize("level", [0, 255])
def test_draws_a_flat_spectrogram(level: int) -> None:
    """One level throughout is drawn without an error."""
    assert draw(np.full((128, 3), level, np.uint8), verdict(1))


@pytest.mark.parametrize("title", HOSTILE_TITLES.values(), ids=HOSTILE_TITLES.keys())
def test_draws_any_title(title: str) -> None:
    """No title fails, gives a warning (as a missing glyph would), or is taken for markup."""
    assert draw(preview(10), verdict(2), title=title)


def test_title_changes_the_picture() -> None:
    """A title that the font cannot show is left out."""
    bare = draw(preview(10), verdict(2))
    assert draw(preview(10), verdict(2), title="Queen") != bare
    assert draw(preview(10), verdict(2), title="千のナイフ") == bare


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Queen — Bohemian Rhapsody", "Queen — Bohemian Rhapsody"),
        ("  Земфира\n— Хочешь? ", "Земфира — Хочешь?"),
        ("Cafe\u0301", "Café"),
        ("東 Queen", "Queen"),
        ("東京事変 Q", ""),
        ("$x^2$", "$x^2$"),
        ("a\x00b\u202ec", "abc"),
    ],
)
def test_drawable_part_of_a_title(title: str, shown: str) -> None:
    """Characters that the font lacks are left out, and a title that has few others as a whole."""
    assert drawable(title, size_px=38, width_px=900) == shown


def test_long_titles_are_cut_to_the_width() -> None:
    """They end in an ellipsis, wide letters earlier than narrow ones."""
    wide, slim = (drawable(c * 500, size_px=38, width_px=900) for c in "Wi")
    assert wide.endswith("…")
    assert slim.endswith("…")
    assert 15 < len(wide) < 40 < len(slim) < 100


@pytest.mark.parametrize("shape", [(128,), (64, 5), (128, 0)])
def test_refuses_another_shape(shape: tuple[int, ...]) -> None:
    """Only 128 rows and at least one column are accepted."""
    with pytest.raises(ValueError, match="mel preview"):
        draw(np.zeros(shape, np.uint8), verdict(1))


def test_threads_draw_the_same() -> None:
    """Four threads draw the same pictures as one, and matplotlib's settings do not change."""
    settings = dict(mpl.rcParams)
    tracks = [verdict(n) for n in (1, 5, 20, 200)] * 2
    alone = [draw(preview(50), v, title="x") for v in tracks]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda v: draw(preview(50), v, title="x"), tracks))
    assert together == alone
    assert dict(mpl.rcParams) == settings


def test_is_quick_once_warm() -> None:
    """A picture takes well under a second."""
    warm_up()
    start = time.process_time()
    draw(preview(1200), verdict(100), title="Queen")
    assert time.process_time() - start < 1.0
