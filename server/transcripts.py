"""A whole conversation as plain text, in the reader's language: for a mail and for a file."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from ground.errors import Refusal
from ground.sql import Database
from server.catalogue import Catalogue
from server.fanout import Fanout
from server.mail_texts import moment, text
from sessions import store
from sessions.conversation import Conversation, Met
from sessions.facts import SaidFacts
from wire.messages import Side

LINES_MAX: Final = 2000
"""All that a chat can hold."""
_REORDERS: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_HIDDEN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Controls, separators, half characters; a line's end is none of them here."""
_GAPS: Final = re.compile(r"\n\s*\n")
"""Empty lines, of which one is enough: a chat of nothing else would be seven times as long."""


class Transcript(NamedTuple):
    """The conversation of an ended session: with whom, and what was said."""

    partner: str
    text: str


class Transcripts:
    """Writes them, for the two sides of a session only."""

    def __init__(self, db: Database, conversation: Conversation, catalogue: Catalogue, fanout: Fanout) -> None:
        self._db = db
        self._conversation = conversation
        self._catalogue = catalogue
        self._fanout = fanout

    async def check(self, pool: str, session: str, side: Side, member: str) -> Met:
        """Refused `no_such_session`, and `session_open` while it goes on."""
        met = await self._conversation.session(pool, session, side, member)
        if met.state != "ended":
            raise Refusal("session_open", session)
        return met

    async def of(self, pool: str, session: str, side: Side, member: str, language: str) -> Transcript:
        """The conversation in one of LANGUAGES, times in UTC. Refused as `check`."""
        met = await self.check(pool, session, side, member)
        said = await self._conversation.history(pool, session, side, member, 0, LINES_MAX)
        nameless = text(language, "transcript.nameless")
        names = {
            "expert": (await self._catalogue.names(pool))(met.expert),
            "user": await self._user(pool, session) or nameless,
        }
        title = text(
            language, "transcript.title",
            user=names["user"], expert=names["expert"], pool=(await self._catalogue.open(pool)).pool.name,
        )  # fmt: skip
        when = " - ".join(moment(language, at, "UTC") for at in (met.matched_at, met.ended_at))
        # A full chat is eight million characters: whoever asks for them holds nobody else up.
        body = await asyncio.to_thread(_body, language, said.lines, names)
        partner = names["expert" if side == "user" else "user"]
        return Transcript(partner, f"{_plain(title)}\n{when}\n\n{body}\n")

    async def _user(self, pool: str, session: str) -> str:
        """The user's name: from what is still known of the session, else from the books."""
        live = await self._fanout.open(pool)
        if facts := live.mirror.session(session):
            return facts.name
        async with self._db.read() as tx:
            _expert, name = (await store.parties(tx, pool, [session])).get(session, ("", ""))
        return name


def _body(language: str, said: Sequence[SaidFacts], names: Mapping[str, str]) -> str:
    lines = [_line(language, line, names[line.side]) for line in said]
    return "\n".join(lines) or text(language, "transcript.nothing")


def _line(language: str, line: SaidFacts, name: str) -> str:
    """One message. What follows its first line stands further in, so that nothing in it passes for another message."""
    at = datetime.fromtimestamp(line.at / 1000, UTC).strftime("%H:%M:%S")
    parts = [text(language, "transcript.unsaid")] if line.unsaid else [line.text] if line.text else []
    if line.file is not None:
        parts.insert(0, text(language, "transcript.file", name=line.file.name))
    if line.edited_at and not line.unsaid:
        parts.append(text(language, "transcript.edited"))
    said = "\n      ".join(_GAPS.sub("\n\n", _plain(" ".join(parts))).splitlines())
    return f"[{at}] {_plain(name)}: {said}"


def _plain(words: str) -> str:
    """Without control characters, and without marks that turn the reading order around what follows."""
    return _HIDDEN.sub(" ", "\n".join(_REORDERS.sub("", words).splitlines()))
