"""Biographies: a subset of Markdown that can't carry anything but text, emphasis, lists and links."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.expert import BIOGRAPHY_MAX
from directory.markdown import plain, to_html

TAGS = {"p", "ul", "ol", "li", "em", "strong", "a", "code", "pre", "blockquote", "h3", "h4", "h5", "h6", "br", "hr"}
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/p/demo/operator)",
    "[x](http:evil)",
    "[x](blob:http://localhost/1)",
    '[x](http://a.example "title" onmouseover="alert(1))',
    '[x](http://a.example/"onmouseover="alert(1))',
    "[x](<http://a.example/\" onmouseover='alert(1)'>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<http://a.example/\"onload=alert(1)>",
    "![x](http://evil.example/track.png)",
    '![x](x"onerror="alert(1))',
    "```<script>\n</code></pre><script>alert(1)</script>\n```",
    '```"><img src=x onerror=alert(1)>\nx\n```',
    "`</code><script>alert(1)</script>`",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<style>@import 'http://evil.example'</style>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mi xlink:href='javascript:alert(1)'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<scr\x00ipt>alert(1)</script>",
    "[x](http://a.example\u202e/x)",
    "**<b onclick=alert(1)>**",
    "| <script> |\n|---|\n| x |",
)  # fmt: skip


class Reader(HTMLParser):
    """Every tag with its attributes, and whether all are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")


def harmless(html: str) -> None:
    for tag, attributes in Reader(html).tags:
        assert tag in TAGS, tag
        if tag != "a":
            assert not attributes
            continue
        assert set(attributes) == {"href", "rel"} and attributes["rel"] == "nofollow noopener ugc"
        assert str(attributes["href"]).startswith(("http://", "https://", "mailto:")), attributes


@pytest.mark.claim("B4")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    harmless(to_html(text))
    harmless(to_html(f"- {text}\n> {text}\n\n1. *{text}*"))


MARKS = st.text(
    st.sampled_from(list("*_`[]()<>!#-+>|~\\&;:/\"'= \n\tax1")) | st.characters(codec="utf-8"), max_size=120
)


@pytest.mark.claim("B4")
@settings(max_examples=300, deadline=None)
@given(st.lists(MARKS | st.sampled_from(HOSTILE), max_size=6).map("\n".join))
def test_any_text_is_only_text(text: str) -> None:
    harmless(to_html(text))
    assert "\n" not in plain(text, 160) and len(plain(text, 160)) <= 160


@pytest.mark.claim("B4")
def test_the_subset() -> None:
    assert to_html("**a** _b_ [c](https://d.example/?x=1&y=2)") == (
        "<p><strong>a</strong> <em>b</em> "
        '<a href="https://d.example/?x=1&amp;y=2" rel="nofollow noopener ugc">c</a></p>\n'
    )
    assert to_html("# top\n###### low") == "<h3>top</h3>\n<h6>low</h6>\n"
    assert to_html("- a\n- b\n\n1. c") == "<ul><li>a</li>\n<li>b</li>\n</ul>\n<ol><li>c</li>\n</ol>\n"
    assert to_html("a  \nb\nc") == "<p>a<br>\nb\nc</p>\n"
    assert "<img" not in to_html("![x](http://a.example/x.png)")
    assert plain("# Hello\n\n**you** [there](http://a.example)", 100) == "Hello you there"
    assert plain("one two three", 9) == "one two…"


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "[a](", "*a ", "**a*", "> ", "- ", "`a``", "<a", "<!--", "&", "\\", "_a_", "[[a]]", "a\n=", "*_"],
)
def test_nasty_text_takes_no_longer_than_a_page_may(piece: str) -> None:
    began = time.process_time()
    to_html((piece * BIOGRAPHY_MAX)[:BIOGRAPHY_MAX])
    assert time.process_time() - began < 2.0
