"""Text with HTML markup, read as Telegram reads it.

The rules and the sentences of the errors are those of the Bot API's "HTML style" section
and of TDLib's parser: an unknown tag, an unclosed one or one closed in the wrong order is
an error, never passed over.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from devtools.emulator.errors import ApiError, bad_request

_KINDS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
}
_VALUE: Final = r"""(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)"""
_NAME: Final = re.compile(r"<([^\s<>]*)")
_START: Final = re.compile(rf"<[^\s<>]+((?:\s+[^\s<>/=]+(?:\s*=\s*{_VALUE})?)*)\s*>")
_ATTRIBUTE: Final = re.compile(rf"([^\s<>/=]+)(?:\s*=\s*({_VALUE}))?")
_END: Final = re.compile(r"</([^\s<>]*)\s*>")
_CHARACTER: Final = re.compile(r"&(?:#(\d{1,7});|#x([0-9a-fA-F]{1,6});|(lt|gt|amp|quot);)")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LANGUAGE: Final = "language-"


Entity = dict[str, Any]
"""A MessageEntity, as JSON."""


@dataclass(frozen=True, slots=True)
class FormattedText:
    """Plain text with its entities; offsets and lengths count UTF-16 units."""

    text: str
    entities: list[Entity] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    tag: str
    offset: int
    extra: Entity


class _Reader:
    """Reads a marked-up text once, from its start to its end."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> FormattedText:
        at = 0
        while at < len(self._source):
            if self._source.startswith("</", at):
                at = self._close(at)
            elif self._source[at] == "<":
                at = self._start(at)
            elif found := _CHARACTER.match(self._source, at):
                self._write(_character(found))
                at = found.end()
            else:
                self._write(self._source[at])
                at += 1
        if self._open:
            tag = self._open[-1].tag
            raise _unreadable(f'Can\'t find end tag corresponding to start tag "{tag}"')
        self._entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return FormattedText("".join(self._pieces), self._entities)

    def _write(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += utf16_length(piece)

    def _byte(self, at: int) -> int:
        return len(self._source[:at].encode())

    def _start(self, at: int) -> int:
        named = _NAME.match(self._source, at)
        tag = named[1].lower() if named else ""
        if tag not in _KINDS:
            raise _unreadable(f'Unsupported start tag "{tag}" at byte offset {self._byte(at)}')
        found = _START.match(self._source, at)
        if found is None:
            raise _unreadable(f"Unclosed start tag at byte offset {self._byte(at)}")
        attributes = {
            name.lower(): _CHARACTER.sub(_character, value.strip("\"'"))
            for name, value in _ATTRIBUTE.findall(found[1])
        }
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            where = self._byte(at)
            raise _unreadable(f'Tag "span" must have class "tg-spoiler" at byte offset {where}')
        self._open.append(_Open(tag, self._length, _extra(tag, attributes)))
        return found.end()

    def _close(self, at: int) -> int:
        found = _END.match(self._source, at)
        if found is None:
            raise _unreadable(f"Unclosed end tag at byte offset {self._byte(at)}")
        if not self._open:
            raise _unreadable(f"Unexpected end tag at byte offset {self._byte(at)}")
        opened = self._open.pop()
        if found[1].lower() not in {"", opened.tag}:
            raise _unreadable(
                f"Unmatched end tag at byte offset {self._byte(at)}, "
                f'expected "</{opened.tag}>", found "</{found[1].lower()}>"'
            )
        self._finish(opened)
        return found.end()

    def _finish(self, opened: _Open) -> None:
        outer = self._open[-1] if self._open else None
        if opened.tag == "code" and outer and outer.tag == "pre" and outer.offset == opened.offset:
            # <pre><code class="language-x"> is one block with a language, not two entities.
            outer.extra |= opened.extra
            return
        if self._length == opened.offset:
            return
        extra = dict(opened.extra)
        if opened.tag == "code":
            extra.pop("language", None)
        if opened.tag == "a" and "url" not in extra:
            return
        kind = extra.pop("type", _KINDS[opened.tag])
        length = self._length - opened.offset
        self._entities.append({"type": kind, "offset": opened.offset, "length": length, **extra})


def parse_html(source: str) -> FormattedText:
    """Take the markup out of a text.

    Raises:
        ApiError: "can't parse entities: ..." with the place of the fault.

    """
    return _Reader(source).read()


def trimmed(formatted: FormattedText) -> FormattedText:
    """Strip white space from both ends, as Telegram does, moving the entities along."""
    text = formatted.text.strip()
    cut = utf16_length(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    end = utf16_length(text)
    entities = []
    for entity in formatted.entities:
        first = max(0, entity["offset"] - cut)
        last = min(end, entity["offset"] + entity["length"] - cut)
        if last > first:
            entities.append({**entity, "offset": first, "length": last - first})
    return FormattedText(text, entities)


def utf16_length(text: str) -> int:
    """Count UTF-16 units, the unit of every entity's offset and length."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _extra(tag: str, attributes: dict[str, str]) -> Entity:
    if tag == "a" and attributes.get("href"):
        return {"url": attributes["href"]}
    if tag == "code" and attributes.get("class", "").startswith(_LANGUAGE):
        return {"language": attributes["class"].removeprefix(_LANGUAGE)}
    if tag == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    return {}


def _character(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    # Surrogates and numbers beyond Unicode are no characters: they stay as written.
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004
        return found[0]
    return chr(code)


def _unreadable(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")
