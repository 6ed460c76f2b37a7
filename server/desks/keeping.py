"""What stays of sessions: transcripts, recordings, whom one has met, and what an expert keeps for oneself."""

from collections.abc import Awaitable, Callable
from typing import Final

from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import Database
from identity.members import Reach, reach
from mail import outbox
from mail.letter import Letter
from server.connection import Connection
from server.desks.calls import side_of
from server.desks.desk import Handlers
from server.limits import Buckets, Rate
from server.mail_texts import chosen, text, written
from server.pages import View
from server.transcripts import Transcripts
from sessions import meetings
from sessions.fetching.tickets import Kind, Tickets
from sessions.notebook.notes import Notes
from sessions.notebook.replies import Replies
from sessions.recording.keeping import Recordings
from wire import messages

LETTERS: Final = 20
"""Transcripts that one member may have sent in a day."""
TRANSCRIPTS: Final = Rate(LETTERS + 4, 0.1)
"""How often one member may ask for one: each is read whole, and a full chat has eight million characters."""
LETTER_MS: Final = 86_400_000
"""How long a transcript waits for a mail server that takes it; then nothing of it is kept."""
BOOKS_S: Final = 2.0
LETTER_MAX: Final = 500_000
"""Characters of a conversation that go by mail; the whole of a longer one is there to download."""


class KeepingDesk:
    """Answers `transcript_of`, `recording_of`, `last_met`; `replies`, `keep_reply`, `drop_reply`, `note_on`,
    `keep_note`. `hint` wakes who sends mails; `reached` waits until the books have what the journal says."""

    def __init__(
        self, db: Database, transcripts: Transcripts, recordings: Recordings | None, tickets: Tickets, clock: Clock,
        hint: Callable[[], None], seconds: Callable[[], float],
        reached: Callable[[str, str, int, float], Awaitable[bool]],
    ) -> None:  # fmt: skip
        self._db = db
        self._transcripts = transcripts
        self._recordings = recordings
        self._tickets = tickets
        self._replies = Replies(db)
        self._notes = Notes(db)
        self._clock = clock
        self._hint = hint
        self._seconds = seconds
        self._reached = reached
        self._asked = Buckets(TRANSCRIPTS)

    def handlers(self) -> Handlers:
        return {
            messages.TranscriptOf: self._transcript_of,
            messages.RecordingOf: self._recording_of,
            messages.LastMet: self._last_met,
            messages.Replies: self._all_replies,
            messages.KeepReply: self._keep_reply,
            messages.DropReply: self._drop_reply,
            messages.NoteOn: self._note_on,
            messages.KeepNote: self._keep_note,
        }

    # ------------------------------------------------------------ a session that is over

    async def _transcript_of(self, conn: Connection, ask: messages.TranscriptOf) -> messages.Fetch | messages.Ok:
        """Refused `no_such_session`, `session_open`, `rate_limited`; by mail also `no_email`, `too_many_messages`."""
        now = self._seconds()
        self._asked.sweep(now, 10)
        if self._asked.take(conn.key, now):
            raise Refusal("rate_limited")
        if ask.by == "mail":
            return await self._mail(conn, ask)
        await self._transcripts.check(conn.pool, ask.session, side_of(conn), conn.member)
        return self._fetch(conn, ask, "transcript", f"/v1/pools/{conn.pool}/transcripts/{ask.session}")

    async def _mail(self, conn: Connection, ask: messages.TranscriptOf) -> messages.Ok:
        await self._transcripts.check(conn.pool, ask.session, side_of(conn), conn.member)
        async with self._db.read() as tx:
            to = await reach(tx, conn.pool, side_of(conn), conn.member)
        if to is None:
            raise Refusal("no_email")
        letter, now = await self._letter(conn, ask, to), self._clock.now_ms()
        async with self._db.begin() as tx:
            if not await outbox.known(tx, conn.pool, letter.key):
                await outbox.count(tx, f"transcript-of:{conn.key}", LETTERS, now)
                await outbox.put(tx, letter, now)
        self._hint()
        return messages.Ok(id=ask.id)

    async def _letter(self, conn: Connection, ask: messages.TranscriptOf, to: Reach) -> Letter:
        """What was said between two is no operator's to read: the letter is secret."""
        view: View = conn.view
        language, pool = chosen(to.language), view.page.pool.name
        found = await self._transcripts.of(conn.pool, ask.session, side_of(conn), conn.member, language)
        cut = f"\n{text(language, 'transcript.cut')}\n" if len(found.text) > LETTER_MAX else ""
        told = found.text[:LETTER_MAX] + cut
        mail = written(language, "transcript", pool=pool, partner=found.partner, transcript=told)
        return Letter(
            kind="transcript", pool=conn.pool, to=to.email, subject=mail.subject, text=mail.text,
            key=f"transcript/{conn.key}/{ask.op}", expires_at=self._clock.now_ms() + LETTER_MS,
        )  # fmt: skip

    async def _recording_of(self, conn: Connection, ask: messages.RecordingOf) -> messages.Fetch:
        """Refused `no_recording`, and `recording_pending` until its file is made."""
        if self._recordings is None:
            raise Refusal("no_recording", ask.session)
        now = self._clock.now_ms()
        kept = await self._recordings.of_session(conn.pool, ask.session, side_of(conn), conn.member, now=now)
        if kept.state != "ready":
            raise Refusal("recording_pending" if kept.state == "pending" else "no_recording", ask.session)
        return self._fetch(conn, ask, "recording", f"/v1/pools/{conn.pool}/recordings/{ask.session}")

    def _fetch(
        self, conn: Connection, ask: messages.TranscriptOf | messages.RecordingOf, kind: Kind, path: str
    ) -> messages.Fetch:
        whose = {"session": ask.session, "role": side_of(conn), "member": conn.member}
        ticket, until = self._tickets.give(kind, conn.pool, ask.session, **whose, now=self._clock.now_ms())  # type: ignore[arg-type]
        return messages.Fetch(id=ask.id, path=path, ticket=ticket, until=until, file=ask.session)

    # ------------------------------------------------------------ a user

    async def _last_met(self, conn: Connection, ask: messages.LastMet) -> messages.Acquaintances:
        found = await meetings.last_met(self._db, conn.pool, conn.member)
        met = [messages.Met(expert=one.expert, at=one.at, sessions=one.sessions) for one in found]
        return messages.Acquaintances(id=ask.id, met=met)

    # ------------------------------------------------------------ an expert

    async def _all_replies(self, conn: Connection, ask: messages.Replies) -> messages.SavedReplies:
        kept = await self._replies.all(conn.pool, conn.member)
        replies = [messages.SavedReply(reply=one.reply, title=one.title, text=one.text) for one in kept]
        return messages.SavedReplies(id=ask.id, replies=replies)

    async def _keep_reply(self, conn: Connection, ask: messages.KeepReply) -> messages.Ok:
        """Refused `empty_text`, `no_such_reply`, `too_many_replies`."""
        now = self._clock.now_ms()
        await self._replies.keep(conn.pool, conn.member, ask.reply, ask.title, ask.text, op=ask.op, now=now)
        return messages.Ok(id=ask.id)

    async def _drop_reply(self, conn: Connection, ask: messages.DropReply) -> messages.Ok:
        """Refused `no_such_reply`."""
        await self._replies.drop(conn.pool, conn.member, ask.reply)
        return messages.Ok(id=ask.id)

    async def _note_on(self, conn: Connection, ask: messages.NoteOn) -> messages.Note:
        """Refused `no_such_user`: also one whom this expert never met."""
        await self._check_met(conn, ask.user)
        noted = await self._notes.about(conn.pool, conn.member, ask.user)
        return messages.Note(id=ask.id, user=ask.user, text=noted.text, at=noted.at)

    async def _keep_note(self, conn: Connection, ask: messages.KeepNote) -> messages.Ok:
        """Refused as `note_on`."""
        await self._check_met(conn, ask.user)
        await self._notes.keep(conn.pool, conn.member, ask.user, ask.text, self._clock.now_ms())
        return messages.Ok(id=ask.id)

    async def _check_met(self, conn: Connection, user: str) -> None:
        """The session that goes on counts; one that has just ended is in the books in a moment."""
        view: View = conn.view
        mirror = view.live.mirror
        here = mirror.session_of("expert", conn.member)
        if here is not None and here.user == user:
            return
        await self._reached(conn.pool, mirror.epoch, mirror.seq, BOOKS_S)
        if not (await meetings.between(self._db, conn.pool, user, conn.member)).count:
            raise Refusal("no_such_user", user)
