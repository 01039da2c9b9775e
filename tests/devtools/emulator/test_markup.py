"""HTML as Telegram reads it."""

import pytest

from devtools.emulator.content.markup import FormattedText, parse_html, trimmed
from devtools.emulator.errors import ApiError


def entity(kind: str, offset: int, length: int, **extra: str) -> dict[str, object]:
    """Build an entity."""
    return {"type": kind, "offset": offset, "length": length, **extra}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain > text", "plain > text", []),
        ("&lt;b&gt; &amp; &quot;&#65;&#x42;", '<b> & "AB', []),
        ("&nbsp; &apos; &", "&nbsp; &apos; &", []),
        ("<b>x</b>", "x", [entity("bold", 0, 1)]),
        ("<B>x</b>", "x", [entity("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<b>1<i>2</i></b>", "12", [entity("bold", 0, 2), entity("italic", 1, 1)]),
        ("🎸<s>x</s>", "🎸x", [entity("strikethrough", 2, 1)]),
        (
            '<a href="https://x.org/?a=1&amp;b=2">x</a>',
            "x",
            [entity("text_link", 0, 1, url="https://x.org/?a=1&b=2")],
        ),
        ("<a>x</a>", "x", []),
        ("<tg-spoiler>x</tg-spoiler>", "x", [entity("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [entity("spoiler", 0, 1)]),
        ("<pre>x</pre>", "x", [entity("pre", 0, 1)]),
        (
            '<pre><code class="language-python">x</code></pre>',
            "x",
            [entity("pre", 0, 1, language="python")],
        ),
        ('<code class="language-python">x</code>', "x", [entity("code", 0, 1)]),
        ("<blockquote>x</blockquote>", "x", [entity("blockquote", 0, 1)]),
        (
            "<blockquote expandable>x</blockquote>",
            "x",
            [entity("expandable_blockquote", 0, 1)],
        ),
    ],
)
def test_readable(source: str, text: str, entities: list[dict[str, object]]) -> None:
    """Allowed markup turns into plain text and entities counted in UTF-16 units."""
    assert parse_html(source) == FormattedText(text, entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a<br>b", 'Unsupported start tag "br" at byte offset 1'),
        ("é<3", 'Unsupported start tag "3" at byte offset 2'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        (
            "<b><i>x</b></i>",
            'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        ),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_unreadable(source: str, reason: str) -> None:
    """Broken markup is refused with the place of the fault, in bytes."""
    with pytest.raises(ApiError) as caught:
        parse_html(source)
    assert caught.value.description == f"Bad Request: can't parse entities: {reason}"


def test_trimming_moves_entities() -> None:
    """White space around a text goes, and entities keep to the words they marked."""
    formatted = trimmed(parse_html(" \n<b> a</b> <i>b </i>"))
    assert formatted == FormattedText("a b", [entity("bold", 0, 1), entity("italic", 2, 1)])
