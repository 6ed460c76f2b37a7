"""Mails as bytes: readable ones come out as they went in, and nobody's words become a header or another recipient."""

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.message import Unsendable, message
from tests.mail.letters import SENDER, claimed

EVIL = [
    "x\r\nBcc: eve@mail.example", "x\nBcc: eve@mail.example", "x\rBcc: eve@mail.example", "x\r\n\r\n<b>body</b>",
    "x\u2028Bcc: eve@mail.example", "x\u2029Bcc: y", "x\x85Bcc: y", "x\x0bBcc: y", "x\x0cBcc: y", "x\x1cBcc: y",
    "=?utf-8?q?x=0d=0aBcc:_eve=40mail.example?=", "=?utf-8?b?eA0KQmNjOiBldmVAbWFpbC5leGFtcGxl?=",
    "=?utf-8?q?=22=3E=2C_eve=40mail.example?=", "=?us-ascii?q?x?= =?utf-8?q?=0aBcc:y?=", "=?utf-7?q?+AA0ACg-Bcc:y?=",
    'a", "eve" <eve@mail.example>, "b', "eve@mail.example, bob", "Bob <eve@mail.example>", "(comment) bob", "\\", '"',
    "\r\n" * 30, "x" * 2000, "x" * 80 + "\n y", "\ud800", "\u202etfel", "a\tb", "…" * 300, "=?", "?=",
    "x\x00y", "=?utf-8?q?" + "a" * 200 + "?=",
]  # fmt: skip
ALLOWED = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Reply-To", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
}  # fmt: skip


def read(data: bytes) -> EmailMessage:
    found = message_from_bytes(data, policy=SMTP)
    assert isinstance(found, EmailMessage)
    return found


def safe(data: bytes) -> EmailMessage:
    """Held to its headers by a reader that knows nothing of how it was made."""
    head = data.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    assert set(names) <= ALLOWED and len(names) == len(set(names))
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
    found = read(data)
    assert [a.addr_spec for a in found["From"].addresses] == ["no-reply@line.example"]
    assert [a.addr_spec for a in found["To"].addresses] == ["ada@line.example"]
    return found


def test_a_mail_says_who_sends_it_when_and_where_answers_go() -> None:
    letter = claimed(
        subject="Grüße von Zoë", text="Hallo\n.\n.punkt\nÄ…", reply_to="zoe@mail.example", reply_name="Zoë, Königin"
    )
    found = safe(message(letter, SENDER))
    assert str(found["Subject"]) == "Grüße von Zoë"
    assert found["From"].addresses == (Address("Openline", "no-reply", "line.example"),)
    assert found["Reply-To"].addresses == (Address("Zoë Königin", "zoe", "mail.example"),)
    assert found["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert found["Message-ID"] == "<mail-1@line.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found.get_content().replace("\r\n", "\n") == "Hallo\n.\n.punkt\nÄ…\n"
    assert found.get_content_type() == "text/plain"


def test_the_same_letter_is_the_same_mail() -> None:
    assert message(claimed(attempts=1), SENDER) == message(claimed(attempts=9, claim="another"), SENDER)


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
@pytest.mark.parametrize("field", ["subject", "reply_name", "reply_to", "to", "text"])
def test_no_words_become_a_header(field: str, evil: str) -> None:
    letter = claimed(**({"reply_to": "bob@mail.example", "reply_name": "Bob"} | {field: evil}))
    try:
        found = safe(message(letter, SENDER)) if field != "to" else read(message(letter, SENDER))
    except Unsendable:
        assert field != "text", "what somebody writes can always be sent"
        return
    assert "Bcc" not in found
    assert field not in ("to", "reply_to"), "none of these is an address"
    assert [a.addr_spec for a in found["Reply-To"].addresses] == ["bob@mail.example"]
    assert not set("\r\n") & set(str(found["Subject"]) + str(found["Reply-To"]))
    if field == "text":
        assert found.get_content().strip().isprintable() or "\n" in found.get_content() or "\t" in found.get_content()


def typed(most: int) -> st.SearchStrategy[str]:
    return st.text(max_size=most) | st.text("\"',<>@:;()[]\\ .=?_äx漢eve", max_size=most)


@settings(max_examples=300, deadline=None)
@given(typed(300), typed(120), typed(2000))
def test_whatever_is_typed_the_headers_are_ours(subject: str, name: str, text: str) -> None:
    letter = claimed(subject=subject, reply_to="bob@mail.example", reply_name=name, text=text)
    try:
        found = safe(message(letter, SENDER))
    except Unsendable:
        safe(message(claimed(text=text), SENDER))
    else:
        assert [a.addr_spec for a in found["Reply-To"].addresses] == ["bob@mail.example"]
        assert not found["Reply-To"].defects


@pytest.mark.parametrize("name", [
    "\"]_\\@\"@==e@<\\e=<,)[)(?<';= . [?=;=e(e',>, ;;]e]?e?e:,.v.@x(<>e )<=x,@e?_(",
    'v: ],\'"v(e<.>]?<;e._e[\\=?.=:;_x<:"?v@<,e:x=(,,?v =::.=)e)e"@==_[e,?[(\\e="@")',
])  # fmt: skip
def test_a_long_name_whose_quotes_the_library_loses_adds_no_address(name: str) -> None:
    found = safe(message(claimed(reply_to="bob@mail.example", reply_name=name), SENDER))
    assert [a.addr_spec for a in found["Reply-To"].addresses] == ["bob@mail.example"]


def test_long_lines_are_broken_for_the_way_and_whole_again_after_it() -> None:
    text = "wort " * 5000 + "\nende"
    data = message(claimed(text=text, subject="ä" * 200), SENDER)
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert read(data).get_content().replace("\r\n", "\n") == text + "\n"
