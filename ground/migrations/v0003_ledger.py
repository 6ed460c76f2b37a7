"""The ledger's part of 0003: the tables of billing/store.py, and triggers that keep them whatever is written.

What the database itself holds, on SQLite and on PostgreSQL:
- one transfer moves one amount between two accounts of one pool and currency, so every transaction sums to zero;
- balances follow from transfers and what is pending from open holds; neither can be set by hand;
- a wallet never has less than its open holds set aside; wallet, escrow and earnings are never below zero;
- transactions, transfers and commands are only appended; a hold grows while it is open, and ends once.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

_MOST: Final = 10**12
_TABLES: Final = ("accounts", "transactions", "transfers", "holds", "commands")


def create() -> None:
    _accounts()
    _transactions()
    _transfers()
    _holds()
    _commands()
    for name in _TABLES:
        _keep(f"ledger_{name}")
    _guard_accounts()
    _guard_transfers()
    _guard_holds()


# ---------------------------------------------------------------- tables


def _id(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _text(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _number(*names: str, nullable: bool = False) -> "list[sa.Column[int]]":
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _check(table: str, **rules: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=f"ck_ledger_{table}_{name}") for name, rule in rules.items()]


def _account(table: str, side: str) -> sa.ForeignKeyConstraint:
    keys = [f"ledger_accounts.{name}" for name in ("account", "pool", "currency")]
    return sa.ForeignKeyConstraint([side, "pool", "currency"], keys, name=f"fk_ledger_{table}_{side}")


def _unique(table: str, *names: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*names, name=f"uq_ledger_{table}_{'_'.join(names)}")


def _accounts() -> None:
    op.create_table(
        "ledger_accounts",
        _id("account"),
        *_text("pool", "kind", "owner", "currency"),
        *_number("balance", "pending"),
        *_number("frozen_at", nullable=True),
        *_text("frozen_reason"),
        sa.PrimaryKeyConstraint("account", name="pk_ledger_accounts"),
        _unique("accounts", "pool", "kind", "owner"),
        _unique("accounts", "account", "pool", "currency"),
        *_check(
            "accounts",
            kind="kind IN ('wallet', 'escrow', 'earnings', 'fees', 'processor', 'world')",
            owner="(kind IN ('wallet', 'earnings')) = (owner <> '')",
            pending="pending = 0 OR (kind = 'wallet' AND pending > 0)",
            covered="kind IN ('fees', 'processor', 'world') OR balance >= pending",
        ),
    )


def _transactions() -> None:
    op.create_table(
        "ledger_transactions",
        _id("id"),
        *_text("pool", "kind", "key"),
        *_number("at"),
        *_text("reference", "memo"),
        *_number("reverses", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_transactions"),
        sa.ForeignKeyConstraint(["reverses"], ["ledger_transactions.id"], name="fk_ledger_transactions_reverses"),
        _unique("transactions", "pool", "key"),
        _unique("transactions", "id", "pool"),
        _unique("transactions", "reverses"),
    )


def _transfers() -> None:
    of = ["ledger_transactions.id", "ledger_transactions.pool"]
    op.create_table(
        "ledger_transfers",
        _id("id"),
        *_number("transaction_id"),
        *_text("pool", "currency"),
        *_number("debit", "credit", "amount", "debit_after", "credit_after"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_transfers"),
        sa.ForeignKeyConstraint(["transaction_id", "pool"], of, name="fk_ledger_transfers_transaction"),
        _account("transfers", "debit"),
        _account("transfers", "credit"),
        _unique("transfers", "transaction_id", "debit", "credit"),
        *_check("transfers", amount=f"amount BETWEEN 1 AND {_MOST}", sides="debit <> credit"),
    )
    for side in ("debit", "credit"):
        op.create_index(f"ix_ledger_transfers_{side}_id", "ledger_transfers", [side, "id"])


def _holds() -> None:
    op.create_table(
        "ledger_holds",
        *_text("pool", "hold"),
        *_number("wallet", "earnings"),
        *_text("currency"),
        *_number("rate", "free_ms", "cap_ms", "fee_bps", "amount", "told_amount"),
        *_text("state"),
        sa.Column("session", sa.Text()),
        *_number("created_at", "expires_at"),
        *_number("ended_at", nullable=True),
        *_number("ran_ms", "posted", "fee"),
        *_text("outcome", "ended_by"),
        *_number("transaction_id", nullable=True),
        sa.PrimaryKeyConstraint("pool", "hold", name="pk_ledger_holds"),
        sa.ForeignKeyConstraint(["transaction_id"], ["ledger_transactions.id"], name="fk_ledger_holds_transaction"),
        _account("holds", "wallet"),
        _account("holds", "earnings"),
        _unique("holds", "pool", "session"),
        _unique("holds", "transaction_id"),
        *_check(
            "holds",
            state="state IN ('pending', 'posted', 'voided', 'expired')",
            outcome="(state = 'pending') = (outcome = '') AND (state = 'posted') = (outcome = 'charged')"
            " AND outcome IN ('', 'charged', 'short', 'free', 'unpaid', 'released')",
            ended="(state = 'pending') = (ended_at IS NULL)",
            posted="(state = 'posted') = (posted > 0) AND (state = 'posted') = (transaction_id IS NOT NULL)",
            amounts=f"0 <= fee AND fee <= posted AND posted <= amount AND amount <= {_MOST} * 100",
            terms="rate >= 0 AND free_ms >= 0 AND cap_ms >= 0 AND ran_ms >= 0 AND fee_bps BETWEEN 0 AND 10000",
            told="0 <= told_amount AND told_amount <= amount",
        ),
    )
    for names in (("wallet", "state"), ("wallet", "earnings", "ended_at"), ("pool", "state", "expires_at")):
        op.create_index(f"ix_ledger_holds_{'_'.join(names)}", "ledger_holds", list(names))


def _commands() -> None:
    op.create_table(
        "ledger_commands",
        *_text("pool", "key", "name", "input_hash", "answer"),
        *_number("at"),
        sa.PrimaryKeyConstraint("pool", "key", name="pk_ledger_commands"),
    )


# ---------------------------------------------------------------- triggers

_KEYS: Final = {
    "ledger_accounts": "account = NEW.account OR (pool = NEW.pool AND kind = NEW.kind AND owner = NEW.owner)",
    "ledger_transactions": "id = NEW.id OR (pool = NEW.pool AND key = NEW.key)",
    "ledger_transfers": "id = NEW.id",
    "ledger_holds": "pool = NEW.pool AND hold = NEW.hold",
    "ledger_commands": "pool = NEW.pool AND key = NEW.key",
}
_CHANGEABLE: Final = ("ledger_accounts", "ledger_holds")


def _keep(table: str) -> None:
    """Nothing is deleted; nothing is changed where nothing may be."""
    _refuse(table, "DELETE", "true", "is never deleted")
    if table not in _CHANGEABLE:
        _refuse(table, "UPDATE", "true", "is only appended to")
    if _is_sqlite():
        # OR REPLACE deletes the row in its way without a word to the triggers.
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {_KEYS[table]})"  # noqa: S608
        _refuse(table, "INSERT", there, "is never replaced", "replace")
    else:
        _refuse(table, "TRUNCATE", "true", "is never emptied")


def _guard_accounts() -> None:
    table = "ledger_accounts"
    fresh = "NEW.balance <> 0 OR NEW.pending <> 0"
    _refuse(table, "INSERT", fresh, "begins with nothing")
    same = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in ("account", "pool", "kind", "currency"))
    _refuse(table, "UPDATE", same, "keeps what it is")
    last = " UNION ALL ".join(
        f"SELECT * FROM (SELECT id, {side}_after AS after FROM ledger_transfers WHERE {side} = NEW.account"  # noqa: S608
        f" ORDER BY id DESC LIMIT 1) AS {side}s"
        for side in ("debit", "credit")
    )
    unlike = f"NEW.balance {_isnt()} (SELECT after FROM ({last}) AS ends ORDER BY id DESC LIMIT 1)"  # noqa: S608
    _refuse(table, "UPDATE", f"NEW.balance <> OLD.balance AND {unlike}", "has the balance of its transfers", "balance")
    held = "(SELECT coalesce(sum(amount), 0) FROM ledger_holds WHERE wallet = NEW.account AND state = 'pending')"
    pending = f"NEW.pending <> OLD.pending AND NEW.pending <> {held}"
    _refuse(table, "UPDATE", pending, "has pending what its holds set aside", "pending")


def _guard_transfers() -> None:
    kind = "(SELECT kind FROM ledger_accounts WHERE account = NEW.{side}) = '{kind}'"
    paid = f"NEW.debit = h.wallet AND NEW.amount = h.posted AND {kind.format(side='credit', kind='escrow')}"
    earned = f"{kind.format(side='debit', kind='escrow')} AND NEW.credit = h.earnings AND NEW.amount = h.posted - h.fee"
    kept = f"{kind.format(side='debit', kind='escrow')} AND {kind.format(side='credit', kind='fees')}"
    as_posted = f"({paid}) OR ({earned}) OR ({kept} AND NEW.amount = h.fee)"
    held = "SELECT 1 FROM ledger_holds h WHERE h.transaction_id = NEW.transaction_id"
    other = f"EXISTS ({held} AND NOT ({as_posted}))"
    _refuse("ledger_transfers", "INSERT", other, "moves what the hold posted", "posted")
    moved = "UPDATE ledger_accounts SET balance = balance {sign} NEW.amount WHERE account = NEW.{side};"
    debit, credit = moved.format(sign="-", side="debit"), moved.format(sign="+", side="credit")
    _after("ledger_transfers", "INSERT", "true", f"{debit} {credit}", "moved")


def _guard_holds() -> None:
    table = "ledger_holds"
    _refuse(table, "INSERT", "NEW.state <> 'pending' OR NEW.told_amount <> NEW.amount", "begins pending")
    _refuse(table, "UPDATE", "OLD.state <> 'pending'", "ends once", "ended")
    fixed = ("pool", "hold", "wallet", "earnings", "currency", "rate", "free_ms", "cap_ms", "fee_bps", "created_at",
             "expires_at")  # fmt: skip
    changed = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in fixed)
    less = "NEW.amount < OLD.amount OR NEW.told_amount < OLD.told_amount"
    bound = f"OLD.session IS NOT NULL AND NEW.session {_isnt()} OLD.session"
    _refuse(table, "UPDATE", f"{changed} OR {less} OR ({bound})", "only grows", "grown")
    pending = "UPDATE ledger_accounts SET pending = pending {change} WHERE account = NEW.wallet;"
    _after(table, "INSERT", "NEW.amount <> 0", pending.format(change="+ NEW.amount"), "set_aside")
    grew = "NEW.state = 'pending' AND NEW.amount <> OLD.amount"
    _after(table, "UPDATE", grew, pending.format(change="+ NEW.amount - OLD.amount"), "grew")
    gone = "NEW.state <> 'pending' AND OLD.amount <> 0"
    _after(table, "UPDATE", gone, pending.format(change="- OLD.amount"), "gave_free")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _isnt() -> str:
    """How two values that may be NULL differ; SQLite knows the standard's words only since 3.39."""
    return "IS NOT" if _is_sqlite() else "IS DISTINCT FROM"


def _refuse(table: str, event: str, when: str, words: str, name: str = "kept") -> None:
    """Before `event` on `table`, a row for which `when` holds is refused with an integrity error."""
    trigger, message = f"{table}_{name}_{event.lower()}", f"{table} {words}"
    if _is_sqlite():
        refusal = f"SELECT RAISE(ABORT, '{message}');"
        op.execute(f"CREATE TRIGGER {trigger} BEFORE {event} ON {table} WHEN {when} BEGIN {refusal} END")
        return
    refusal = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
    row = "OLD" if event == "DELETE" else "NULL" if event == "TRUNCATE" else "NEW"
    _function(trigger, f"IF {when} THEN {refusal} END IF; RETURN {row};")
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    op.execute(f"CREATE TRIGGER {trigger} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION {trigger}()")


def _after(table: str, event: str, when: str, body: str, name: str) -> None:
    """After `event` on `table`, for a row for which `when` holds, run `body`."""
    trigger = f"{table}_{name}"
    if _is_sqlite():
        op.execute(f"CREATE TRIGGER {trigger} AFTER {event} ON {table} WHEN {when} BEGIN {body} END")
        return
    _function(trigger, f"IF {when} THEN {body} END IF; RETURN NULL;")
    op.execute(f"CREATE TRIGGER {trigger} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {trigger}()")


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
