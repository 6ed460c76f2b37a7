"""The form that leaves a message: no words in it become a header or a recipient, and nobody is bombed with it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.desks import letters
from tests.mail.post import Post, post_office
from tests.mail.test_message import ALLOWED, EVIL
from tests.server.people_site import POOL, people_site
from tests.stories.talker import Talker, talking
from wire import messages as m
from wire.fields import Email, Letters

EVIL_ADDRESSES = [
    "eve@mail.example, bob@mail.example", "eve@mail.example;bob@mail.example", "<eve@mail.example>",
    "bob@mail.example>\u2028Bcc:eve@mail.example", "bob@mail.example\u0085Bcc:x", "=?utf-8?q?eve?=@mail.example",
    '"eve@mail.example"@mail.example', "eve%mail.example@[127.0.0.1]", "eve@mail.example\u2029",
    "@mail.example:eve@x.example",
    "eve@mail..example", "eve@localhost", "eve@mail.example.", "ada\uff20mail.example@x.example",
]  # fmt: skip


@contextlib.asynccontextmanager
async def form(store_url: str, folder: Path) -> AsyncIterator[tuple[Talker, Post]]:
    """A guest before the whole server, and where its mails arrive."""
    async with post_office() as post:
        mail = {
            "smtp": f"smtp://127.0.0.1:{post.port}",
            "mail_from": "no-reply@line.example",
            "base_url": "https://line.example",
        }
        site = people_site(store_url, f"sqlite:///{folder}/books.db", folder, **mail)
        async with site as made, talking(made.port, POOL) as guest:
            yield guest, post


def fits(value: str, kind: Any) -> bool:
    """Whether the wire lets it through at all."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


async def leave(guest: Talker, **changed: str) -> str:
    """The code of the refusal, or "" when it was taken."""
    given = {"expert": "ada", "name": "Bob", "email": "bob@mail.example", "text": "hello"} | changed
    answer = await guest.ask(m.LeaveMessage, **given)
    return answer.code if isinstance(answer, m.Refused) else ""


@pytest.mark.claim("A9")
async def test_no_words_of_a_stranger_become_a_header_or_a_recipient(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MESSAGES_FROM_ADDRESS", 1000)
    sendable = [evil for evil in EVIL if evil.strip() and "\ud800" not in evil and "\x00" not in evil]
    async with form(store_url, tmp_path) as (guest, post):
        for evil in sendable:
            name = evil[:100] if fits(evil[:100], Letters) else "Bob"
            assert await leave(guest, name=name, text=evil) == "", evil
        for address in EVIL_ADDRESSES:
            if fits(address, Email):
                assert await leave(guest, email=address) == "bad_email", address
        for wrong in (
            {"name": "Bob\r\nBcc: x"},
            {"email": "a@b.example\nBcc: x"},
            {"email": "a@b.example, c@d.example"},
        ):
            assert await leave(guest, **wrong) == "bad_field"
        taken = len(sendable)
        mails = await post.until(taken)
    for mail, envelope in zip(mails, post.envelopes, strict=True):
        assert envelope.rcpt_tos == ["ada@line.example"]
        assert set(mail.keys()) <= ALLOWED and len(mail.keys()) == len(set(mail.keys()))
        assert [one.addr_spec for one in mail["To"].addresses] == ["ada@line.example"]
        assert [one.addr_spec for one in mail["From"].addresses] == ["no-reply@line.example"]
        assert [one.addr_spec for one in mail["Reply-To"].addresses] == ["bob@mail.example"]
        assert str(mail["Subject"]).endswith("through The demo line")


async def test_nobody_is_bombed(store_url: str, tmp_path: Path) -> None:
    """One address reaches an expert a few times a day, however it is spelled, and gets no mail itself."""
    async with form(store_url, tmp_path) as (guest, post):
        spelled = ["Bob@mail.example", "BOB@mail.example", "bob@MAIL.example", "bOb@Mail.Example", "boB@mail.examplE"]
        answers = [await leave(guest, email=email) for email in [*spelled, *spelled]]
        most = letters.MESSAGES_FROM_ADDRESS
        assert answers == [""] * most + ["too_many_messages"] * (len(answers) - most)
        await post.until(most)
        victim = [await guest.ask(m.TellMe, expert="bob", email="victim@mail.example") for _ in range(20)]
        assert all(isinstance(answer, m.Ok) for answer in victim), "the same wish is one wish"
    assert {to for envelope in post.envelopes for to in envelope.rcpt_tos} == {"ada@line.example"}
    assert len(post.mails) == most
