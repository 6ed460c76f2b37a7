"""Chat beyond plain messages: files, changes, transcripts, and what an expert keeps for oneself."""

from typing import Annotated, Literal

from msgspec import Meta

from wire.fields import Id, Letters, MaybeId, Op, Part, Reply, Request, Text

FileType = Annotated[str, Meta(pattern=r"^[a-z]+/[A-Za-z0-9.+-]{1,80}$(?!\n)")]
FileName = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f/\\]*$(?!\n)")]
LineNumber = Annotated[int, Meta(ge=1, le=2**31)]
ReplyText = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
NoteText = Annotated[str, Meta(max_length=4000, pattern=r"^[^\x00]*$")]


class Edit(Request, tag="edit"):
    """Change a message of one's own, while the session goes on."""

    op: Op
    session: Id
    n: LineNumber
    text: Text


class Unsay(Request, tag="unsay"):
    """Take a message of one's own back, while the session goes on: its words and its file are gone on both sides."""

    op: Op
    session: Id
    n: LineNumber


class FilePlace(Request, tag="file_place"):
    """Asks where to send a file of the session to. What comes there is checked; the message comes from `share`."""

    op: Op
    session: Id
    name: FileName
    type: FileType
    size: Annotated[int, Meta(ge=1, le=2**40)]


class Share(Request, tag="share"):
    """Say a file that has been sent, with `text` beside it or without."""

    op: Op
    session: Id
    file: Id
    text: Annotated[str, Meta(max_length=4000, pattern=r"^[^\x00]*$")] = ""


class FileOf(Request, tag="file_of"):
    """Asks where a file of a session of one's own can be fetched."""

    session: Id
    file: Id


class TranscriptOf(Request, tag="transcript_of"):
    """The whole conversation of an ended session of one's own: by mail to one's own address, or to download."""

    op: Op
    session: Id
    by: Literal["mail", "download"]


class RecordingOf(Request, tag="recording_of"):
    """Asks where the recording of a session of one's own can be fetched."""

    session: Id


class Replies(Request, tag="replies"):
    """Expert: one's saved replies."""


class KeepReply(Request, tag="keep_reply"):
    """Expert: keep a reply, or change the one of that id; "" makes a new one."""

    op: Op
    reply: MaybeId
    title: Letters
    text: ReplyText


class DropReply(Request, tag="drop_reply"):
    op: Op
    reply: Id


class NoteOn(Request, tag="note_on"):
    """Expert: one's note to oneself about a user whom one has met."""

    user: Id


class KeepNote(Request, tag="keep_note"):
    """Expert: keep a note about a user; an empty text takes it away."""

    op: Op
    user: Id
    text: NoteText


class LastMet(Request, tag="last_met"):
    """User: the experts whom one has met, the last one first."""


class Fetch(Reply, tag="fetch"):
    """Where something is sent to or fetched from: `path` below the server, with `ticket` as Bearer token, once, until
    `until`. `file` names what was asked for."""

    path: str
    ticket: str
    until: int
    file: str


class SavedReply(Part):
    reply: str
    title: str
    text: str


class SavedReplies(Reply, tag="saved_replies"):
    replies: list[SavedReply]


class Note(Reply, tag="note"):
    user: str
    text: str
    at: int


class Met(Part):
    expert: str
    at: int
    sessions: int


class Acquaintances(Reply, tag="acquaintances"):
    """Experts whom this user has met, the last one first."""

    met: list[Met]
