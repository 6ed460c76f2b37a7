"""Who may do what: one table from role to commands. Whether the object is theirs is checked where the object is."""

from typing import Literal

Role = Literal["guest", "user", "expert", "operator"]

_EVERYBODY = frozenset({"hello", "watch", "ping", "find", "about", "feedback_of"})
_VISITORS = frozenset({"leave_message", "tell_me"})
_IN_SESSION = frozenset(
    [
        "accept",
        "decline",
        "connected",
        "end",
        "say",
        "typing",
        "delivered",
        "history",
        "signal",
        "bill_of",
        "media_offer",
        "ice_of",
        "record",
        "edit",
        "unsay",
        "file_place",
        "share",
        "file_of",
        "transcript_of",
        "recording_of",
        "my_number",
        "set_number",
        "verify_number",
        "confirm_number",
        "forget_number",
    ]
)

COMMANDS: dict[str, frozenset[str]] = {
    "guest": _EVERYBODY | _VISITORS,
    "user": _EVERYBODY
    | _VISITORS
    | _IN_SESSION
    | {"join", "connect", "switch", "leave", "step_away", "come_back", "give_feedback", "quote", "deposit"}
    | {"call_me", "answer_transfer", "last_met"},
    "expert": _EVERYBODY
    | _IN_SESSION
    | {"declare", "finish_wrap_up", "open_for", "about_user", "answer_feedback", "answer_on", "propose_transfer"}
    | {"replies", "keep_reply", "drop_reply", "note_on", "keep_note"},
    "operator": _EVERYBODY | {"move", "remove", "force", "end_session", "hide_feedback"},
}


def may(role: str, command: str) -> bool:
    """Whether somebody of `role` may give `command` at all. An unknown role or command may nothing."""
    return command in COMMANDS.get(role, frozenset())
