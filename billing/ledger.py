"""Every movement of money between accounts, in the caller's transaction. What sessions hold is in `holds.py`.

Amounts are integers in minor units. A balance is what came in less what went out: wallet and earnings are what a person
is due, fees are the pool's own, `processor` is below zero by what the card processor still owes the pool, `world` is
the bank. Each command has a `key`, unique within the pool: a repeat with the same input gets the first answer, another
input is refused `op_reused`. Refusals are not remembered. All commands raise Refusal("bad_amount") for an amount out of
bounds or in another currency than the account's.
"""

from msgspec import Struct

from billing import store
from billing.booking import (
    FEES,
    PROCESSOR,
    WORLD,
    Account,
    Command,
    Leg,
    Who,
    answered,
    book,
    check_amount,
    lock,
    remember,
)
from billing.store import PERSONAL, Kind
from ground.errors import Refusal
from ground.sql import Tx


class Balance(Struct, frozen=True):
    """What is on an account. `pending` of it is set aside by open holds. `currency` is "" while there is no account."""

    balance: int
    pending: int
    frozen: bool
    currency: str

    @property
    def available(self) -> int:
        """What may be spent or given back."""
        return self.balance - self.pending


class Booked(Struct, frozen=True):
    """A movement that was made: the id of its transaction, and the person's balance after it."""

    transaction: int
    amount: int
    balance: int


class Chargeback(Struct, frozen=True):
    """A chargeback that was made: what the wallet still had of it, and what the pool's fees had to bear."""

    transaction: int
    from_wallet: int
    from_fees: int


async def balance_of(tx: Tx, pool: str, user: str) -> Balance:
    """A user's wallet, as committed or as changed in this transaction."""
    return await _balance(tx, pool, "wallet", user)


async def owed_to(tx: Tx, pool: str, expert: str) -> int:
    """What an expert has earned and was not paid yet."""
    return (await _balance(tx, pool, "earnings", expert)).balance


async def currency_of(tx: Tx, pool: str) -> str | None:
    """The currency of the pool's accounts; None before the first. It can't be changed: accounts keep theirs."""
    return await store.any_currency(tx, pool)


async def open_account(tx: Tx, pool: str, kind: Kind, owner: str, currency: str) -> int:
    """The id of an account, which is made when it is missing. `owner` is "" except for wallets and earnings."""
    assert bool(owner) == (kind in PERSONAL)
    return (await lock(tx, pool, currency, (kind, owner)))[kind, owner].account


# ---------------------------------------------------------------- money comes in


async def deposit(
    tx: Tx, pool: str, user: str, amount: int, currency: str, *, key: str, now: int, reference: str = "", memo: str = ""
) -> Booked:
    """Processor to wallet. A frozen wallet takes deposits, too."""
    ask = _ask(pool, key, "deposit", now, user=user, amount=amount, currency=currency, reference=reference)
    return await _move(tx, ask, PROCESSOR, ("wallet", user), ("wallet", user), memo=memo)


async def goodwill(
    tx: Tx, pool: str, user: str, amount: int, currency: str, *, key: str, now: int, memo: str
) -> Booked:
    """Fees to wallet: what an operator gives a user, `memo` says why."""
    ask = _ask(pool, key, "goodwill", now, user=user, amount=amount, currency=currency)
    return await _move(tx, ask, FEES, ("wallet", user), ("wallet", user), memo=memo)


async def collected(
    tx: Tx, pool: str, amount: int, currency: str, *, key: str, now: int, reference: str = "", memo: str = ""
) -> Booked:
    """World to processor: the processor has paid out to the pool's bank account. The balance is the processor's."""
    ask = _ask(pool, key, "collected", now, amount=amount, currency=currency, reference=reference)
    return await _move(tx, ask, WORLD, PROCESSOR, PROCESSOR, memo=memo)


# ---------------------------------------------------------------- money goes out


async def refund(
    tx: Tx, pool: str, user: str, amount: int, currency: str, *, key: str, now: int, reference: str = "", memo: str = ""
) -> Booked:
    """Wallet to processor, of what is available. If the processor fails, `reverse` it.

    Raises Refusal("wallet_frozen"), Refusal("balance_too_low").
    """
    ask = _ask(pool, key, "refund", now, user=user, amount=amount, currency=currency, reference=reference)
    return await _move(tx, ask, ("wallet", user), PROCESSOR, ("wallet", user), memo=memo)


async def payout(
    tx: Tx, pool: str, expert: str, amount: int, currency: str, *,
    key: str, now: int, reference: str = "", memo: str = "",
) -> Booked:  # fmt: skip
    """Earnings to world: an expert has been paid. Raises Refusal("balance_too_low") above what is owed."""
    ask = _ask(pool, key, "payout", now, expert=expert, amount=amount, currency=currency, reference=reference)
    return await _move(tx, ask, ("earnings", expert), WORLD, ("earnings", expert), memo=memo)


async def forfeit(tx: Tx, pool: str, user: str, amount: int, currency: str, *, key: str, now: int, memo: str) -> Booked:
    """Wallet to fees: a user who leaves gives up what is available. Refused as `refund`."""
    ask = _ask(pool, key, "forfeit", now, user=user, amount=amount, currency=currency)
    return await _move(tx, ask, ("wallet", user), FEES, ("wallet", user), memo=memo)


async def chargeback(
    tx: Tx, pool: str, user: str, amount: int, currency: str, *, key: str, now: int, reference: str = "", memo: str = ""
) -> Chargeback:
    """Wallet to processor, as far as the wallet has it available; fees to processor, what it lacks.

    Freezing is a command of its own. A dispute that is won is `reverse`d.
    """
    ask = _ask(pool, key, "chargeback", now, user=user, amount=amount, currency=currency, reference=reference)
    accounts = await lock(tx, pool, currency, ("wallet", user), FEES, PROCESSOR)
    if first := await answered(tx, ask, Chargeback):
        return first
    taken = min(amount, accounts["wallet", user].available)
    legs = [Leg(("wallet", user), PROCESSOR, taken), Leg(FEES, PROCESSOR, amount - taken)]
    some = [leg for leg in legs if leg.amount]
    made = await book(tx, pool, accounts, "chargeback", key, some, now=now, reference=reference, memo=memo)
    return await remember(tx, ask, Chargeback(made, taken, amount - taken))


async def reverse(tx: Tx, pool: str, of: str, *, key: str, now: int, memo: str = "") -> Booked:
    """Book the transaction of the key `of` the other way round, once. `balance` is that of its first account.

    Raises KeyError when there is none, Refusal("op_reused") when another key has reversed it already,
    Refusal("balance_too_low") when the money is not there any more.
    """
    done = await store.transaction(tx, pool, of)
    if done is None:
        raise KeyError(of)
    rows = await store.legs_of(tx, done["id"])
    legs = [Leg(_who(row, "credit"), _who(row, "debit"), row["amount"]) for row in reversed(rows)]
    ask = _ask(pool, key, "reverse", now, of=of)
    accounts = await lock(tx, pool, rows[0]["currency"], *{who for leg in legs for who in leg[:2]})
    if first := await answered(tx, ask, Booked):
        return first
    if await store.is_reversed(tx, done["id"]):
        raise Refusal("op_reused", of)
    back, whose = done["id"], legs[-1].credit
    reference = done["reference"]
    made = await book(tx, pool, accounts, "reversal", key, legs, now=now, reference=reference, memo=memo, reverses=back)
    return await remember(tx, ask, Booked(made, sum(leg.amount for leg in legs), accounts[whose].balance))


# ---------------------------------------------------------------- an account itself


async def freeze(tx: Tx, pool: str, user: str, currency: str, *, reason: str, now: int) -> Balance:
    """Nothing goes out of the wallet and no hold is placed or grows; open holds stand. Again, it changes nothing."""
    wallet = (await lock(tx, pool, currency, ("wallet", user)))["wallet", user]
    if not wallet.frozen:
        await store.set_frozen(tx, wallet.account, now, reason)
    return Balance(wallet.balance, wallet.pending, True, wallet.currency)


async def unfreeze(tx: Tx, pool: str, user: str, currency: str) -> Balance:
    """End `freeze`."""
    wallet = (await lock(tx, pool, currency, ("wallet", user)))["wallet", user]
    await store.set_frozen(tx, wallet.account, None, "")
    return Balance(wallet.balance, wallet.pending, False, wallet.currency)


async def rename_owner(tx: Tx, pool: str, kind: Kind, owner: str, instead: str) -> bool:
    """Put the pseudonym `instead` in the place of an owner who is forgotten; False when there is no such account.

    What is booked stays. The wallet must not have an open hold: Refusal("in_session").
    """
    found = await store.account(tx, pool, kind, owner)
    if found is None:
        return False
    account = (await lock(tx, pool, found["currency"], (kind, owner)))[kind, owner]
    if account.pending:
        raise Refusal("in_session")
    await store.set_owner(tx, account.account, instead)
    return True


# ---------------------------------------------------------------- what they share


async def _move(tx: Tx, ask: Command, debit: Who, credit: Who, of: Who, *, memo: str) -> Booked:
    """The command `ask` as one transfer; the answer tells the balance of the account `of`."""
    amount, currency = int(ask.given["amount"]), str(ask.given["currency"])
    accounts = await lock(tx, ask.pool, currency, debit, credit)
    if first := await answered(tx, ask, Booked):
        return first
    _check_frozen(accounts[debit])
    legs = [Leg(debit, credit, amount)]
    reference = str(ask.given.get("reference", ""))
    made = await book(tx, ask.pool, accounts, ask.name, ask.key, legs, now=ask.now, reference=reference, memo=memo)
    return await remember(tx, ask, Booked(made, amount, accounts[of].balance))


def _check_frozen(debit: Account) -> None:
    if debit.frozen:
        raise Refusal("wallet_frozen")


def _ask(pool: str, key: str, name: str, now: int, **given: str | int) -> Command:
    if "amount" in given:
        check_amount(given["amount"])
    return Command(pool=pool, key=key, name=name, given=given, now=now)


def _who(row: object, side: str) -> Who:
    return row[f"{side}_kind"], row[f"{side}_owner"]  # type: ignore[index]


async def _balance(tx: Tx, pool: str, kind: Kind, owner: str) -> Balance:
    row = await store.account(tx, pool, kind, owner)
    if row is None:
        return Balance(0, 0, False, "")
    return Balance(row["balance"], row["pending"], row["frozen_at"] is not None, row["currency"])
