"""The founding schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _number(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _json(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.JSON(), nullable=False) for name in names]


def _key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=f"pk_{table}")


def upgrade() -> None:
    op.create_table("journal_cursor", *_text("pool", "epoch"), *_number("seq"), _key("journal_cursor", "pool"))
    _directory()
    _identity()
    _presence()
    _queueing()
    _sessions()


def _directory() -> None:
    op.create_table("pools", *_text("pool", "name"), *_json("settings"), *_number("revision"), _key("pools", "pool"))
    op.create_table(
        "experts",
        *_text("pool", "expert", "name", "headline", "biography"),
        *_json("categories", "languages", "modes"),
        *_text("timezone", "hours", "started_on", "photo"),
        _key("experts", "pool", "expert"),
        sa.ForeignKeyConstraint(["pool"], ["pools.pool"], name="fk_experts_pools"),
    )


def _identity() -> None:
    op.create_table(
        "sign_in_links",
        *_text("digest", "pool", "role", "subject", "name"),
        *_number("created_at", "expires_at"),
        *_number("used_at", nullable=True),
        _key("sign_in_links", "digest"),
    )
    op.create_index("ix_sign_in_links_expires_at", "sign_in_links", ["expires_at"])
    op.create_table(
        "operator_actions",
        *_text("pool", "key"),
        *_number("at"),
        *_text("actor", "action", "object", "reason", "epoch"),
        *_number("seq"),
        _key("operator_actions", "pool", "key"),
    )
    op.create_index("ix_operator_actions_pool_at", "operator_actions", ["pool", "at"])


def _presence() -> None:
    op.create_table(
        "expert_states",
        *_text("pool", "expert", "epoch"),
        *_number("seq", "n"),
        *_text("indicator", "cause", "reason", "by"),
        *_number("from_ms"),
        *_number("to_ms", nullable=True),
        _key("expert_states", "pool", "expert", "epoch", "seq", "n"),
    )
    op.create_index("ix_expert_states_pool_expert_from_ms", "expert_states", ["pool", "expert", "from_ms"])


def _queueing() -> None:
    op.create_table(
        "ticket_log",
        *_text("pool", "ticket", "user", "name"),
        *_json("experts"),
        *_number("joined_at", "left_at", "waited_ms"),
        *_text("outcome", "reason", "by"),
        _key("ticket_log", "pool", "ticket"),
    )
    op.create_index("ix_ticket_log_pool_left_at", "ticket_log", ["pool", "left_at"])


def _sessions() -> None:
    op.create_table(
        "session_log",
        *_text("pool", "session", "expert", "user", "name", "ticket", "mode", "state"),
        *_number("joined_at", "matched_at", "live_at", "ended_at"),
        *_text("reason", "by"),
        *_json("overtook"),
        *_number("delivered_user", "delivered_expert"),
        *_text("epoch"),
        *_number("seq"),
        _key("session_log", "pool", "session"),
    )
    op.create_index("ix_session_log_pool_expert_ended_at", "session_log", ["pool", "expert", "ended_at"])
    op.create_index("ix_session_log_pool_user_matched_at", "session_log", ["pool", "user", "matched_at"])
    op.create_table(
        "chat_lines",
        *_text("pool", "session"),
        *_number("n"),
        *_text("side", "text"),
        *_number("at"),
        *_text("op"),
        _key("chat_lines", "pool", "session", "n"),
    )
