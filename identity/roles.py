"""Who may do what: one table from role to commands. Whether the object is theirs is checked where the object is."""

from typing import Literal

Role = Literal["guest", "user", "expert", "operator"]

_EVERYBODY = frozenset({"hello", "watch", "ping"})
_IN_SESSION = frozenset({"accept", "decline", "connected", "end", "say", "typing", "delivered", "history", "signal"})

COMMANDS: dict[str, frozenset[str]] = {
    "guest": _EVERYBODY,
    "user": _EVERYBODY | _IN_SESSION | {"join", "connect", "switch", "leave", "step_away", "come_back"},
    "expert": _EVERYBODY | _IN_SESSION | {"declare", "finish_wrap_up"},
    "operator": _EVERYBODY | {"move", "remove", "force", "end_session"},
}


def may(role: str, command: str) -> bool:
    """Whether somebody of `role` may give `command` at all. An unknown role or command may nothing."""
    return command in COMMANDS.get(role, frozenset())
