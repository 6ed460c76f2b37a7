"""From somebody whom a provider has signed in to a member of a pool."""

from hashlib import sha256
from typing import Final

from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Database, Tx
from identity import accounts, sign_ins, store
from identity.oidc import PENDING_S, Person
from identity.outside import store as outside
from identity.outside.settings import Provider
from identity.tokens import Identity, Member

HOW: Final = "host"


class Logins:
    """Signs people in whose accounts are kept at a provider."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def use_state(self, state: str, *, now: int) -> None:
        """A state comes back once. Refused `sign_in_failed`."""
        digest = sha256(state.encode()).hexdigest()
        async with self._db.begin() as tx:
            if not await outside.use_state(tx, digest, now + PENDING_S * 1000, now):
                raise Refusal("sign_in_failed", "state used")

    async def arrive(
        self, provider: Provider, pool: str, role: Member, person: Person, *, now: int, agent: str = "",
        visitor: str = "",
    ) -> Identity:  # fmt: skip
        """`person` in `pool`, with a new sign-in: the account that signed in so before, else that of the verified
        address, else a new one. A user who is new here grows out of `visitor`.

        Refused `not_allowed` (the role is not theirs), `blocked`.
        """
        async with self._db.begin() as tx:
            account = await _account(tx, provider, person, now)
            who = await _member(tx, pool, role, account, visitor, now)
            if visitor and who.subject == visitor:
                # What was a visitor's is now an account's: an older cookie of the visitor is none of the account.
                await sign_ins.end_member(tx, pool, role, visitor, now, "grown_up")
            return await sign_ins.begin(tx, who, HOW, agent, now)

    async def note_adopted(self, visitor: Identity, who: Identity, *, now: int) -> None:
        """`visitor` has turned out to be `who`: what either did is one person's."""
        row = {"pool": who.pool, "visitor": visitor.subject, "subject": who.subject, "at": now}
        async with self._db.begin() as tx:
            await outside.note_adopted(tx, row)


async def _account(tx: Tx, provider: Provider, person: Person, now: int) -> str:
    if known := await outside.account_of(tx, person.issuer, person.subject):
        return known
    email = _address(person)
    joined = await _of_address(tx, provider, email)
    made = "" if joined else await _make(tx, person, email, now)
    row = {"issuer": person.issuer, "subject": person.subject, "account": joined or made, "at": now}
    await outside.add_login(tx, row)
    first = await outside.account_of(tx, person.issuer, person.subject)
    if made and first != made:  # two first sign-ins at once: the other one's account it is
        await outside.drop_account(tx, made)
    return first


def _address(person: Person) -> str:
    """The verified address, if mail could reach it."""
    try:
        return accounts.normalised(person.email) if person.email else ""
    except Refusal:
        return ""


async def _of_address(tx: Tx, provider: Provider, email: str) -> str:
    """The account of the address that the provider has verified, "" for none.

    A provider speaks for its own pools. An account that is also a member elsewhere is not handed over on its word: who
    could sign in as it here could change what signs in there.
    """
    known = await store.account_of(tx, email, lock=True) if email else None
    if known is None:
        return ""
    pools = await outside.pools_of(tx, known["account"])
    return str(known["account"]) if pools <= set(provider.pools) else ""


async def _make(tx: Tx, person: Person, email: str, now: int) -> str:
    row = {
        "account": new_id("a"), "email": email or None, "name": person.name, "language": "", "created_at": now,
        "password": "", "erased_at": None,
    }  # fmt: skip
    if not await store.add_account(tx, row):
        # The address is another's, whose it stays.
        await store.add_account(tx, row | {"email": None})
    return str(row["account"])


async def _member(tx: Tx, pool: str, role: Member, account: str, visitor: str, now: int) -> Identity:
    row = await store.account(tx, account)
    if row is None:
        raise Refusal("no_account")
    theirs = await store.membership_of(tx, account, pool, role)
    if theirs is None and role != "user":
        raise Refusal("not_allowed")
    subject = theirs["subject"] if theirs else await _join(tx, pool, account, visitor, now)
    return Identity(pool=pool, role=role, subject=subject, name=row["name"], expires_at=0, token_id="", account=account)


async def _join(tx: Tx, pool: str, account: str, visitor: str, now: int) -> str:
    taken = not visitor or await store.membership(tx, pool, "user", visitor) is not None
    subject = account if taken else visitor
    await store.join(tx, {"pool": pool, "role": "user", "subject": subject, "account": account, "joined_at": now})
    return subject
