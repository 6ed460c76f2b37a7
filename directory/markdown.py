"""The Markdown of biographies: a subset that becomes safe HTML by construction.

The text is parsed as CommonMark without HTML and images. The HTML is then written here, from a list of what may be
written: text is escaped, the only attributes are those of links, and a link leads to http, https or mailto. What is not
on the list leaves no trace but its text.
"""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

SCHEMES: Final = frozenset({"http", "https", "mailto"})
LINK_MAX: Final = 2000
HEADING_FIRST: Final = 3
"""The page's own headings are h1 and h2; those of a biography go below them."""

_TAGS: Final = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "em": "em",
    "strong": "strong",
}
_WHOLE: Final = {"hr": "<hr>\n", "softbreak": "\n", "hardbreak": "<br>\n"}
_REL: Final = "nofollow noopener ugc"
_parser: Final = MarkdownIt("commonmark", {"html": False, "maxNesting": 8}).disable(["image", "html_block", "code"])


@lru_cache(maxsize=512)
def to_html(text: str) -> str:
    """`text` as HTML that may stand in a page as it is. Never raises; a text that is too deeply nested is flattened."""
    return "".join(_write(_parser.parse(text)))


@lru_cache(maxsize=512)
def plain(text: str, limit: int) -> str:
    """How `text` begins, without its marks, in one line of at most `limit` characters: for a description."""
    words = " ".join("".join(_words(_parser.parse(text[: 4 * limit]))).split())
    return words if len(words) <= limit else words[: limit - 1].rsplit(" ", 1)[0] + "…"


def _write(tokens: Iterable[Token]) -> Iterable[str]:
    links: list[bool] = []
    for token in tokens:
        kind, _dash, side = token.type.rpartition("_")
        if token.type == "inline":
            yield from _write(token.children or ())
        elif token.type in ("text", "code_inline", "code_block", "fence"):
            yield _code(token) if token.type != "text" else escape(token.content)
        elif token.type in _WHOLE:
            yield _WHOLE[token.type]
        elif token.hidden:  # the paragraphs of a tight list
            continue
        elif token.type == "link_open":
            href = _safe(str(token.attrGet("href") or ""))
            links.append(bool(href))
            yield f'<a href="{escape(href)}" rel="{_REL}">' if href else ""
        elif token.type == "link_close":
            yield "</a>" if links.pop() else ""
        elif kind in _TAGS or kind == "heading":
            yield _tag(kind, token, side)


def _tag(kind: str, token: Token, side: str) -> str:
    name = _TAGS.get(kind) or f"h{min(6, HEADING_FIRST - 1 + int(token.tag[1]))}"
    end = "\n" if token.block and side == "close" else ""
    return f"<{name}>" if side == "open" else f"</{name}>{end}"


def _code(token: Token) -> str:
    code = f"<code>{escape(token.content)}</code>"
    return code if token.type == "code_inline" else f"<pre>{code}</pre>\n"


def _safe(href: str) -> str:
    """The link, or "" when it leads to where no link of a biography may lead."""
    if len(href) > LINK_MAX or any(c <= " " or c == "\x7f" for c in href):
        return ""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES or (scheme != "mailto" and not parts.netloc):
        return ""
    return href


def _words(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _words(token.children or ())
            yield " "
        elif token.type in ("text", "code_inline", "fence"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
