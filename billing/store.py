"""The tables of the ledger and the statements on them. What they enforce is in ground/migrations/v0003_ledger.py.

An account's `balance` is what came in less what went out, as the triggers keep it: a transfer moves `amount` from
`debit` to `credit`. `pending` is what open holds have set aside of a wallet. A hold names accounts and no people, so
that forgetting a person is one changed `owner`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import sqlalchemy as sa

from ground.sql import Tx, Words, metadata, put_once

Kind = Literal["wallet", "escrow", "earnings", "fees", "processor", "world"]
PERSONAL: Final = ("wallet", "earnings")
"""Kinds of which each person has their own; of the others a pool has one, whose owner is ""."""

_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

accounts = sa.Table(
    "ledger_accounts",
    metadata,
    sa.Column("account", _Number, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("balance", sa.BigInteger, nullable=False),
    sa.Column("pending", sa.BigInteger, nullable=False),
    sa.Column("frozen_at", sa.BigInteger),
    sa.Column("frozen_reason", Words, nullable=False),
    sa.UniqueConstraint("pool", "kind", "owner"),
    sa.UniqueConstraint("account", "pool", "currency"),  # what transfers and holds refer to
)

transactions = sa.Table(
    "ledger_transactions",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),  # of a session its id, else what the caller names
    sa.Column("memo", Words, nullable=False),
    sa.Column(
        "reverses", sa.BigInteger, sa.ForeignKey("ledger_transactions.id", name="fk_ledger_transactions_reverses")
    ),
    sa.UniqueConstraint("pool", "key"),
    sa.UniqueConstraint("id", "pool"),
    sa.UniqueConstraint("reverses"),
)

transfers = sa.Table(
    "ledger_transfers",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("transaction_id", sa.BigInteger, nullable=False),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("debit", sa.BigInteger, nullable=False),
    sa.Column("credit", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("debit_after", sa.BigInteger, nullable=False),  # the balance of `debit` after this transfer
    sa.Column("credit_after", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(
        ["transaction_id", "pool"],
        ["ledger_transactions.id", "ledger_transactions.pool"],
        name="fk_ledger_transfers_transaction",
    ),
    *(
        sa.ForeignKeyConstraint(
            [side, "pool", "currency"],
            ["ledger_accounts.account", "ledger_accounts.pool", "ledger_accounts.currency"],
            name=f"fk_ledger_transfers_{side}",
        )
        for side in ("debit", "credit")
    ),
    sa.UniqueConstraint("transaction_id", "debit", "credit"),
)
sa.Index(None, transfers.c.debit, transfers.c.id)
sa.Index(None, transfers.c.credit, transfers.c.id)

holds = sa.Table(
    "ledger_holds",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("hold", sa.Text, primary_key=True),  # the id of the offer
    sa.Column("wallet", sa.BigInteger, nullable=False),
    sa.Column("earnings", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("rate", sa.BigInteger, nullable=False),
    sa.Column("free_ms", sa.BigInteger, nullable=False),
    sa.Column("cap_ms", sa.BigInteger, nullable=False),
    sa.Column("fee_bps", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("told_amount", sa.BigInteger, nullable=False),  # of it, what the live store has been told
    sa.Column("state", sa.Text, nullable=False),  # pending, posted, voided, expired
    sa.Column("session", sa.Text),  # empty until a match is known
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("ran_ms", sa.BigInteger, nullable=False),
    sa.Column("posted", sa.BigInteger, nullable=False),
    sa.Column("fee", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),  # "" until it ends: charged, short, free, unpaid, released
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Column("transaction_id", sa.BigInteger),
    sa.ForeignKeyConstraint(["transaction_id"], ["ledger_transactions.id"], name="fk_ledger_holds_transaction"),
    *(
        sa.ForeignKeyConstraint(
            [side, "pool", "currency"],
            ["ledger_accounts.account", "ledger_accounts.pool", "ledger_accounts.currency"],
            name=f"fk_ledger_holds_{side}",
        )
        for side in ("wallet", "earnings")
    ),
    sa.UniqueConstraint("pool", "session"),
    sa.UniqueConstraint("transaction_id"),
)
sa.Index(None, holds.c.wallet, holds.c.state)
sa.Index(None, holds.c.wallet, holds.c.earnings, holds.c.ended_at)
sa.Index(None, holds.c.pool, holds.c.state, holds.c.expires_at)

commands = sa.Table(
    "ledger_commands",
    metadata,
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("input_hash", sa.Text, nullable=False),  # SHA-256 of the canonical input
    sa.Column("answer", sa.Text, nullable=False),  # JSON
    sa.Column("at", sa.BigInteger, nullable=False),
)

# ---------------------------------------------------------------- accounts

_theirs = (accounts.c.pool == sa.bindparam("pool"), accounts.c.kind == sa.bindparam("kind"))
_one_account = sa.select(accounts).where(*_theirs, accounts.c.owner == sa.bindparam("owner"))
_some_accounts = (
    sa.select(accounts)
    .where(
        accounts.c.pool == sa.bindparam("pool"),
        sa.tuple_(accounts.c.kind, accounts.c.owner).in_(sa.bindparam("who", expanding=True)),
    )
    .order_by(sa.case((accounts.c.kind == "escrow", 0), else_=1), accounts.c.account)
    .with_for_update()
)


async def account(tx: Tx, pool: str, kind: Kind, owner: str) -> sa.RowMapping | None:
    """An account as it stands, without a lock."""
    found = await tx.execute(_one_account, {"pool": pool, "kind": kind, "owner": owner})
    return found.mappings().one_or_none()


async def any_currency(tx: Tx, pool: str) -> str | None:
    """The currency of the accounts of `pool`; None when it has none."""
    found: str | None = await tx.scalar(sa.select(accounts.c.currency).where(accounts.c.pool == pool).limit(1))
    return found


async def lock_accounts(tx: Tx, pool: str, who: Sequence[tuple[str, str]]) -> Sequence[sa.RowMapping]:
    """The accounts `who` (kind, owner) that exist, locked until the transaction ends; the escrow account first."""
    return (await tx.execute(_some_accounts, {"pool": pool, "who": list(who)})).mappings().all()


async def open_accounts(tx: Tx, pool: str, currency: str, who: Sequence[tuple[str, str]]) -> None:
    """Make the accounts `who` (kind, owner) in this order; one that somebody else makes at the same time is theirs."""
    nothing: dict[str, Any] = {"balance": 0, "pending": 0, "frozen_at": None, "frozen_reason": ""}
    rows = [nothing | {"pool": pool, "kind": kind, "owner": owner, "currency": currency} for kind, owner in who]
    await put_once(tx, accounts, rows, key=("pool", "kind", "owner"))


async def set_frozen(tx: Tx, account: int, at: int | None, reason: str) -> None:
    await tx.execute(
        sa.update(accounts).where(accounts.c.account == account).values(frozen_at=at, frozen_reason=reason)
    )


async def set_owner(tx: Tx, account: int, owner: str) -> None:
    await tx.execute(sa.update(accounts).where(accounts.c.account == account).values(owner=owner))


# ---------------------------------------------------------------- transactions and commands

_add_transaction = sa.insert(transactions).returning(transactions.c.id)
_add_transfer = sa.insert(transfers)
_add_command = sa.insert(commands)
_one_command = sa.select(commands.c.input_hash, commands.c.answer).where(
    commands.c.pool == sa.bindparam("pool"), commands.c.key == sa.bindparam("key")
)


async def add_transaction(tx: Tx, row: Mapping[str, Any]) -> int:
    return int((await tx.execute(_add_transaction, row)).scalar_one())


async def add_transfers(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """One statement each: a trigger holds every transfer against the balances before it."""
    for row in rows:
        await tx.execute(_add_transfer, row)


async def transaction(tx: Tx, pool: str, key: str) -> sa.RowMapping | None:
    query = sa.select(transactions).where(transactions.c.pool == pool, transactions.c.key == key)
    return (await tx.execute(query)).mappings().one_or_none()


async def is_reversed(tx: Tx, transaction: int) -> bool:
    """Whether a reversal of this transaction is booked."""
    query = sa.select(transactions.c.id).where(transactions.c.reverses == transaction)
    return (await tx.execute(query)).one_or_none() is not None


async def legs_of(tx: Tx, transaction: int) -> Sequence[sa.RowMapping]:
    """The transfers of a transaction in order, with kind and owner of both accounts."""
    debit, credit = accounts.alias("debited"), accounts.alias("credited")
    query = (
        sa.select(
            transfers.c.amount,
            transfers.c.currency,
            debit.c.kind.label("debit_kind"),
            debit.c.owner.label("debit_owner"),
            credit.c.kind.label("credit_kind"),
            credit.c.owner.label("credit_owner"),
        )
        .join_from(transfers, debit, debit.c.account == transfers.c.debit)
        .join(credit, credit.c.account == transfers.c.credit)
        .where(transfers.c.transaction_id == transaction)
        .order_by(transfers.c.id)
    )
    return (await tx.execute(query)).mappings().all()


async def command(tx: Tx, pool: str, key: str) -> tuple[str, str] | None:
    """Hash of the input and answer of the command `key`; None when it has not been given yet."""
    row = (await tx.execute(_one_command, {"pool": pool, "key": key})).one_or_none()
    return None if row is None else (row.input_hash, row.answer)


async def add_command(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(_add_command, row)


# ---------------------------------------------------------------- holds

_user, _expert = accounts.alias("wallets"), accounts.alias("earners")
_holds = (
    sa.select(holds, _user.c.owner.label("user"), _expert.c.owner.label("expert"))
    .join_from(holds, _user, _user.c.account == holds.c.wallet)
    .join(_expert, _expert.c.account == holds.c.earnings)
)
_one_hold = _holds.where(holds.c.pool == sa.bindparam("pool"), holds.c.hold == sa.bindparam("hold"))
_of_session = _holds.where(holds.c.pool == sa.bindparam("pool"), holds.c.session == sa.bindparam("session"))
_add_hold = sa.insert(holds)
_change = sa.update(holds).where(holds.c.pool == sa.bindparam("of_pool"), holds.c.hold == sa.bindparam("of_hold"))


async def hold(tx: Tx, pool: str, hold: str) -> sa.RowMapping | None:
    """A hold with its `user` and `expert`."""
    return (await tx.execute(_one_hold, {"pool": pool, "hold": hold})).mappings().one_or_none()


async def hold_of_session(tx: Tx, pool: str, session: str) -> sa.RowMapping | None:
    return (await tx.execute(_of_session, {"pool": pool, "session": session})).mappings().one_or_none()


async def holds_of_sessions(tx: Tx, pool: str, sessions: Sequence[str]) -> Sequence[sa.RowMapping]:
    """The holds of `sessions` that are over."""
    over = (holds.c.pool == pool, holds.c.session.in_(sessions), holds.c.state != "pending")
    return (await tx.execute(_holds.where(*over))).mappings().all()


async def add_hold(tx: Tx, row: Mapping[str, Any]) -> None:
    await tx.execute(_add_hold, row)


async def change_hold(tx: Tx, pool: str, hold: str, **changed: Any) -> None:
    await tx.execute(_change, changed | {"of_pool": pool, "of_hold": hold})


async def pending_holds(tx: Tx, pool: str, *, wallet: int | None = None) -> Sequence[sa.RowMapping]:
    """The open holds of a pool, or of one wallet in it, oldest first."""
    query = _holds.where(holds.c.pool == pool, holds.c.state == "pending")
    if wallet is not None:
        query = query.where(holds.c.wallet == wallet)
    return (await tx.execute(query.order_by(holds.c.created_at, holds.c.hold))).mappings().all()


async def untold_holds(tx: Tx, pool: str) -> Sequence[sa.RowMapping]:
    """The open holds with a session of which the live store knows less than is held."""
    mine = (holds.c.pool == pool, holds.c.state == "pending", holds.c.session.is_not(None))
    query = _holds.where(*mine, holds.c.told_amount < holds.c.amount).order_by(holds.c.created_at, holds.c.hold)
    return (await tx.execute(query)).mappings().all()


async def set_told(tx: Tx, pool: str, hold: str, amount: int) -> None:
    """Raise what the live store knows of an open hold to `amount`."""
    less = (holds.c.pool == pool, holds.c.hold == hold, holds.c.state == "pending", holds.c.told_amount < amount)
    await tx.execute(sa.update(holds).where(*less, holds.c.amount >= amount).values(told_amount=amount))


async def due_holds(tx: Tx, pool: str, now: int) -> Sequence[sa.RowMapping]:
    """The open holds whose time was up at `now`."""
    query = _holds.where(holds.c.pool == pool, holds.c.state == "pending", holds.c.expires_at <= now)
    return (await tx.execute(query.order_by(holds.c.expires_at, holds.c.hold))).mappings().all()


async def free_calls(tx: Tx, pool: str, user: str, expert: str, since: int, *, begun: bool = False) -> int:
    """Sessions of the two that cost nothing and ended after `since`, except those that the expert or our own fault
    ended. Also those whose clock never ran: while it stands still there is talk, too. With `begun`, also those of which
    only the beginning was free."""
    counted = sa.and_(holds.c.outcome.in_(("short", "free")), holds.c.ended_by.not_in(("expert", "server")))
    if begun:
        counted = sa.or_(counted, sa.and_(holds.c.outcome == "charged", holds.c.free_ms > 0))
    query = (
        sa.select(sa.func.count())
        .select_from(holds)
        .join(_user, _user.c.account == holds.c.wallet)
        .join(_expert, _expert.c.account == holds.c.earnings)
        .where(_user.c.pool == pool, _user.c.kind == "wallet", _user.c.owner == user)
        .where(_expert.c.pool == pool, _expert.c.kind == "earnings", _expert.c.owner == expert)
        .where(counted, holds.c.ended_at > since)
    )
    return int((await tx.execute(query)).scalar_one())
