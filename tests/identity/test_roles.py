"""Every command of the wire against every role."""

from typing import get_args

import msgspec
import pytest

from identity.roles import COMMANDS, may
from wire.messages import ClientMessage

TAGS = {str(msgspec.inspect.type_info(message).tag) for message in get_args(ClientMessage)}  # type: ignore[attr-defined]


def test_the_table_knows_the_wire_and_nothing_else() -> None:
    assert frozenset[str]().union(*COMMANDS.values()) == TAGS


def test_a_guest_may_look_around_and_write_to_experts() -> None:
    looks = {"hello", "watch", "ping", "find", "about", "feedback_of"}
    assert {command for command in TAGS if may("guest", command)} == looks | {"leave_message", "tell_me"}


@pytest.mark.parametrize("command", ["move", "remove", "force", "end_session"])
def test_only_operators_interfere(command: str) -> None:
    assert [role for role in COMMANDS if may(role, command)] == ["operator"]


@pytest.mark.parametrize("command", ["say", "typing", "history", "signal", "accept", "end"])
def test_only_the_two_sides_are_in_a_session(command: str) -> None:
    assert [role for role in COMMANDS if may(role, command)] == ["user", "expert"]


def test_what_is_unknown_may_nothing() -> None:
    assert not may("root", "ping")
    assert not may("", "hello")
    assert not may("operator", "drop_tables")
