"""Accounts: one per address for the whole server, with memberships in pools. Its owner is whoever reads its mail.

Nothing here tells a stranger whether an address is known: asking for a link and signing up take the same steps and
send one mail in any case; what it says only its reader knows. An account is made when the link of that mail is
followed, so that nobody can prepare one in another's name.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from msgspec import Struct

from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Database, Tx
from identity import audit, links, passwords, sign_ins, store
from identity.links import TTL_S, Link, Purpose
from identity.passwords import Passwords
from identity.sign_ins import Ended
from identity.tokens import Identity, Member
from mail import outbox
from mail.address import normal, same
from mail.letter import Letter

LINKS_AN_HOUR: Final = 5
"""Sign-in mails that one address gets within an hour; those beyond are not sent, and nobody is told."""
HOUR_MS: Final = 3_600_000
INVITED_S: Final = 7 * 86_400
FRESH_MS: Final = 15 * 60_000
"""Whoever signed in by mail, or at the host's provider, so lately may set a password without knowing the old one: that
is how it is reset."""

Kind = Literal["sign_in", "sign_up", "have_account", "no_account", "invitation"]
Write = Callable[[Kind, str, str, str], tuple[str, str]]
"""Makes the subject and the text of a mail from its kind, language, the link's token ("": none) and a name."""


class Account(Struct, kw_only=True, frozen=True):
    """An account as its owner sees it."""

    account: str
    email: str
    name: str
    language: str
    has_password: bool


class Accounts:
    """Signs up, sends links, changes. Addresses that can't be are refused `bad_email`."""

    def __init__(self, db: Database, words: Passwords | None = None) -> None:
        self._db = db
        self.words = words or Passwords()

    async def sign_up(
        self, pool: str, email: str, name: str, write: Write, *, now: int, password: str = "", device: str = "",
        language: str = "", visitor: str = "",
    ) -> None:  # fmt: skip
        """Mail a link that makes the account and a user of `pool`; to one who has an account, a link to sign in.

        `device` is the secret of the asking browser: only if the link is followed there, `password` holds and the
        user grows out of `visitor` (the subject of a user without an account), for whoever asked may be another than
        who reads the mail. Refused `password_…`.
        """
        to = normalised(email)
        if password:
            passwords.check(password, to, name)
        hashed = await self.words.hash(password) if password else ""
        given: dict[str, Any] = {"name": name, "password": hashed, "subject": visitor, "language": language}
        async with self._db.begin() as tx:
            if await store.links_since(tx, to, now - HOUR_MS) >= LINKS_AN_HOUR:
                return
            known = await store.account_of(tx, to)
            purpose: Purpose = "sign_in" if known else "sign_up"
            link = Link(pool=pool, role="user", purpose=purpose, email=to, device=_device(device), **given)
            said = (known["language"] or language, known["name"]) if known else (language, name)
            await _send(tx, link, "have_account" if known else "sign_up", said, write, now)

    async def ask_link(
        self, pool: str, role: Member, email: str, write: Write, *, now: int, language: str = ""
    ) -> None:
        """Mail a link that signs in, or, where there is no account for it, that there is none."""
        to = normalised(email)
        async with self._db.begin() as tx:
            if await store.links_since(tx, to, now - HOUR_MS) >= LINKS_AN_HOUR:
                return
            known = await store.account_of(tx, to)
            # Asked for in any case: a question less would be heard in the time that the answer takes.
            member = await store.membership_of(tx, known["account"] if known else "", pool, role)
            may = known is not None and (role == "user" or member is not None)
            link = Link(pool=pool, role=role, purpose="sign_in" if may else "nobody", email=to)
            said = (known["language"] or language, known["name"]) if known else (language, "")
            await _send(tx, link, "sign_in" if may else "no_account", said, write, now)

    async def invite(
        self, pool: str, role: Member, email: str, name: str, write: Write, *, by: str, now: int, expert: str = "",
        language: str = "",
    ) -> None:  # fmt: skip
        """Mail an invitation, good for a week, and note it in the audit. `expert` is the profile that an expert is to
        keep. Refused `expert_has_account`: another has it already."""
        to, subject = normalised(email), expert if role == "expert" else ""
        async with self._db.begin() as tx:
            known = await store.account_of(tx, to)
            holder = await store.membership(tx, pool, role, subject) if subject else None
            if holder and (known is None or holder["account"] != known["account"]):
                raise Refusal("expert_has_account", subject)
            given: dict[str, Any] = {"name": name, "subject": subject, "language": language}
            link = Link(pool=pool, role=role, purpose="invite", email=to, **given)
            await _send(tx, link, "invitation", (language, name), write, now, INVITED_S)
            done = audit.Action(actor=by, action="invite", object=f"{role}:{subject or to}", reason="")
            await audit.note(tx, pool, now, done)

    async def of(self, account: str) -> Account:
        """An account. Refused `no_account`."""
        async with self._db.read() as tx:
            row = _there(await store.account(tx, account))
        shown = {name: row[name] or "" for name in ("account", "email", "name", "language")}
        return Account(**shown, has_password=row["password"] != "")

    async def email_of(self, pool: str, role: str, subject: str) -> str:
        """The address of a member's account; "" for one without."""
        async with self._db.read() as tx:
            member = await store.membership(tx, pool, role, subject)
            row = await store.account(tx, member["account"]) if member else None
        return (row["email"] or "") if row else ""

    async def rename(self, account: str, name: str) -> None:
        """Refused `no_account`, `empty_text`."""
        if not name.strip():
            raise Refusal("empty_text")
        async with self._db.begin() as tx:
            _there(await store.account(tx, account))
            await store.set_account(tx, account, name=name.strip())

    async def set_password(self, who: Identity, password: str, old: str, *, fresh: bool, now: int) -> Ended:
        """Set a new password and end all other sign-ins of the account; those are answered.

        `old` is the present one, unless the sign-in is `fresh` (by mail, not long ago). Without a present one it has
        to be fresh: a cookie that somebody found in an open browser makes nobody the owner of an account. Refused
        `password_…`, `wrong_password`, `sign_in_again`, `no_account`.
        """
        async with self._db.read() as tx:
            row = _there(await store.account(tx, who.account))
        if not row["email"]:  # of a provider that has verified none: there is nothing to sign in with
            raise Refusal("no_email")
        passwords.check(password, row["email"], row["name"])
        if not fresh and not row["password"]:
            raise Refusal("sign_in_again")
        if not fresh and not await self.words.matches(row["password"], old):
            raise Refusal("wrong_password")
        hashed = await self.words.hash(password)
        async with self._db.begin() as tx:
            await store.set_account(tx, who.account, password=hashed)
            return await sign_ins.end_others(tx, who, now, "password_set")

    async def open(self, pool: str, role: Member, email: str, name: str, *, now: int, expert: str = "") -> str:
        """Make a member of whoever reads `email`, at once and without asking them: the command line's way. Their
        subject. Refused `expert_has_account`."""
        link = Link(pool=pool, role=role, purpose="invite", email=normalised(email), name=name, subject=expert)
        async with self._db.begin() as tx:
            return (await member_of(tx, link, own_device=False, now=now)).subject


async def member_of(tx: Tx, link: Link, *, own_device: bool, now: int) -> Identity:
    """Who follows `link`: its account and membership, made now if they are not there and its purpose says so.

    `own_device`: it is followed by the browser that asked for it. Raises Refusal (`link_unknown`,
    `expert_has_account`).
    """
    if link.purpose == "":
        return await _named(tx, link)
    known = await store.account_of(tx, link.email, lock=True)
    if known is None and link.purpose != "sign_in":
        known = await _make(tx, link, own_device=own_device, now=now)
    if known is None:
        raise Refusal("link_unknown")
    subject = await _join(tx, link, known["account"], own_device=own_device, now=now)
    return _identity(link, subject, known["name"] or link.name, known["account"])


async def _named(tx: Tx, link: Link) -> Identity:
    """A link that needs no account: it signs in whoever it names, with the account if they have one."""
    member = await store.membership(tx, link.pool, link.role, link.subject)
    return _identity(link, link.subject, link.name, member["account"] if member else "")


async def _make(tx: Tx, link: Link, *, own_device: bool, now: int) -> dict[str, Any] | None:
    row = {
        "account": new_id("a"), "email": link.email, "name": link.name, "language": link.language, "created_at": now,
        "password": link.password if own_device else "", "erased_at": None,
    }  # fmt: skip
    if await store.add_account(tx, row):
        return row
    return await store.account_of(tx, link.email, lock=True)


async def _join(tx: Tx, link: Link, account: str, *, own_device: bool, now: int) -> str:
    """The subject of the account's membership, made if it may be."""
    if theirs := await store.membership_of(tx, account, link.pool, link.role):
        return str(theirs["subject"])
    if link.purpose == "sign_in" and link.role != "user":
        raise Refusal("link_unknown")
    grown = link.subject if link.role == "expert" or (link.role == "user" and own_device) else ""
    if grown and await _became(tx, link, grown, account, now):
        return grown
    if link.role == "expert":
        raise Refusal("expert_has_account", grown)
    await _became(tx, link, account, account, now)
    return account


async def _became(tx: Tx, link: Link, subject: str, account: str, now: int) -> bool:
    """Whether the account is `subject` now: of several who come at once, one is."""
    row = {"pool": link.pool, "role": link.role, "subject": subject, "account": account, "joined_at": now}
    await store.join(tx, row)
    there = await store.membership(tx, link.pool, link.role, subject)
    return there is not None and there["account"] == account


async def _send(
    tx: Tx, link: Link, kind: Kind, said: tuple[str, str], write: Write, now: int, ttl_s: int = TTL_S
) -> None:
    """The link and the mail that brings it. `said`: language and name."""
    token = await links.add(tx, link, now=now, ttl_s=ttl_s)
    language, name = said
    subject, text = write(kind, language, "" if link.purpose == "nobody" else token, name)
    letter = Letter(
        kind=kind, pool=link.pool, to=link.email, subject=subject, text=text, expires_at=now + ttl_s * 1000, secret=True
    )
    await outbox.put(tx, letter, now)


def normalised(email: str) -> str:
    """What two spellings of a mailbox have in common. Raises Refusal (`bad_email`)."""
    return same(normal(email))


def _device(device: str) -> str:
    return links.digest(device) if device else ""


def _identity(link: Link, subject: str, name: str, account: str) -> Identity:
    assert link.role in get_args(Member)
    return Identity(
        pool=link.pool, role=link.role, subject=subject, name=name, expires_at=0, token_id="", account=account
    )


def _there(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        raise Refusal("no_account")
    return row
