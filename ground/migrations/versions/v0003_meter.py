"""Money: the ledger, deposits, payouts, receipts, rates for each mode."""

import sqlalchemy as sa
from alembic import op

from ground.migrations import v0003_ledger

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _ledger()
    _deposits()
    _payouts()
    _receipts()
    _rates()
    _sessions()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _ledger() -> None:
    """billing/store.py"""
    v0003_ledger.create()


def _deposits() -> None:
    """billing/deposits/store.py"""
    op.create_table(
        "payers",
        *_texts("pool", "user", "customer", "method", "brand", "last4"),
        *_numbers("exp_month", "exp_year"),
        sa.Column("reload_on", sa.Boolean(), nullable=False),
        *_numbers("reload_threshold", "reload_amount", "failures", "paused_until"),
        *_texts("reloading", "refunding"),
        sa.Column("forget", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "user", name="pk_payers"),
    )
    op.create_index("ix_payers_forget", "payers", ["forget"])
    op.create_table(
        "deposits",
        *_texts("deposit", "pool", "user", "op", "kind"),
        *_numbers("amount"),
        *_texts("currency", "back"),
        sa.Column("keep_card", sa.Boolean(), nullable=False),
        *_texts("state"),
        sa.Column("checkout", sa.Text()),
        sa.Column("payment", sa.Text()),
        *_texts("url", "reason"),
        *_numbers("returned", "disputed", "created_at", "changed_at", "due_at"),
        sa.PrimaryKeyConstraint("deposit", name="pk_deposits"),
    )
    op.create_index("ix_deposits_pool_user_op", "deposits", ["pool", "user", "op"], unique=True)
    op.create_index("ix_deposits_checkout", "deposits", ["checkout"], unique=True)
    op.create_index("ix_deposits_payment", "deposits", ["payment"], unique=True)
    op.create_index("ix_deposits_pool_user_created_at", "deposits", ["pool", "user", "created_at"])
    op.create_index("ix_deposits_kind_state_due_at", "deposits", ["kind", "state", "due_at"])
    op.create_table(
        "processor_events",
        *_texts("event", "kind"),
        *_numbers("at"),
        sa.PrimaryKeyConstraint("event", name="pk_processor_events"),
    )
    op.create_index("ix_processor_events_at", "processor_events", ["at"])
    _refunds()


def _refunds() -> None:
    op.create_table(
        "refunds",
        *_texts("refund", "pool", "user", "op"),
        *_numbers("amount"),
        *_texts("currency", "state"),
        *_numbers("created_at", "changed_at"),
        sa.PrimaryKeyConstraint("refund", name="pk_refunds"),
    )
    op.create_index("ix_refunds_pool_user_op", "refunds", ["pool", "user", "op"], unique=True)
    op.create_table(
        "refund_parts",
        *_texts("part", "refund", "deposit", "payment"),
        *_numbers("amount"),
        *_texts("currency", "state"),
        sa.Column("sent", sa.Text()),
        *_texts("reason"),
        *_numbers("attempts", "due_at"),
        sa.PrimaryKeyConstraint("part", name="pk_refund_parts"),
    )
    op.create_index("ix_refund_parts_refund", "refund_parts", ["refund"])
    op.create_index("ix_refund_parts_sent", "refund_parts", ["sent"], unique=True)
    op.create_index("ix_refund_parts_state_due_at", "refund_parts", ["state", "due_at"])
    op.create_table(
        "disputes",
        *_texts("dispute", "pool", "user", "deposit"),
        *_numbers("amount"),
        *_texts("currency", "state", "status", "reason"),
        *_numbers("created_at", "changed_at"),
        sa.PrimaryKeyConstraint("dispute", name="pk_disputes"),
    )
    op.create_index("ix_disputes_pool_user", "disputes", ["pool", "user"])


def _payouts() -> None:
    """billing/payouts/store.py"""
    op.create_table(
        "bank_accounts",
        *_texts("pool", "expert", "name", "iban"),
        *_numbers("changed_at"),
        sa.PrimaryKeyConstraint("pool", "expert", name="pk_bank_accounts"),
    )
    op.create_table(
        "payout_batches",
        *_texts("pool", "batch", "state", "currency"),
        *_numbers("amount", "count", "made_at"),
        sa.Column("closed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pool", "batch", name="pk_payout_batches"),
    )
    op.create_index("ix_payout_batches_pool_made_at", "payout_batches", ["pool", "made_at"])
    op.create_table(
        "payout_lines",
        *_texts("pool", "batch"),
        *_numbers("line"),
        *_texts("expert"),
        *_numbers("amount"),
        *_texts("name", "iban"),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "batch", "line", name="pk_payout_lines"),
        sa.ForeignKeyConstraint(
            ["pool", "batch"], ["payout_batches.pool", "payout_batches.batch"], name="fk_payout_lines_payout_batches"
        ),
    )
    op.create_table(
        "payout_commands",
        *_texts("pool", "op", "input_hash", "batch"),
        sa.PrimaryKeyConstraint("pool", "op", name="pk_payout_commands"),
    )
    op.create_index("ix_payout_lines_pool_expert", "payout_lines", ["pool", "expert"])
    op.create_index(
        "ix_payout_lines_one_open", "payout_lines", ["pool", "expert"], unique=True,
        sqlite_where=sa.text("open"), postgresql_where=sa.text("open"),
    )  # fmt: skip


def _receipts() -> None:
    """billing/receipts/store.py"""
    op.create_table(
        "receipt_places",
        *_texts("pool", "expert", "ticket"),
        *_numbers("from_pos", "came_pos", "to_pos", "from_ms", "to_ms", "ordinal", "rate", "free_ms"),
        *_texts("by", "why"),
        sa.PrimaryKeyConstraint("pool", "expert", "ticket", "from_pos", name="pk_receipt_places"),
    )
    op.create_index("ix_receipt_places_pool_ticket_to_pos", "receipt_places", ["pool", "ticket", "to_pos"])
    op.create_index("ix_receipt_places_pool_expert_to_pos", "receipt_places", ["pool", "expert", "to_pos"])
    op.create_table(
        "receipt_facts",
        *_texts("pool", "ticket"),
        *_numbers("pos", "n"),
        *_texts("expert", "body"),
        sa.PrimaryKeyConstraint("pool", "ticket", "pos", "n", name="pk_receipt_facts"),
    )
    op.create_table(
        "receipts",
        *_texts("pool", "session"),
        *_numbers("sealed_at"),
        *_texts("body"),
        sa.PrimaryKeyConstraint("pool", "session", name="pk_receipts"),
    )
    op.create_table(
        "receipt_keys",
        *_texts("key"),
        *_numbers("first_used_at"),
        sa.PrimaryKeyConstraint("key", name="pk_receipt_keys"),
    )


def _rates() -> None:
    """directory/store.py"""
    op.add_column("experts", sa.Column("mode_rates", sa.JSON()))


def _sessions() -> None:
    """sessions/store.py: the clock of a session; those before had none."""
    for name in ("rate", "ran_ms", "running_since"):
        op.add_column("session_log", sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
