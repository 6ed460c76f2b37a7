"""Arrivals: whatever ends in a sign-in. Each answers with who came, with the id and the end of the new sign-in."""

from typing import Final

from ground.errors import Refusal
from ground.sql import Database
from identity import accounts, links, passwords, sign_ins, store
from identity.passwords import Passwords
from identity.sign_ins import How
from identity.tokens import Identity, Member

NOBODY: Final = "wrong_password"


class Arrivals:
    """Redeems links and checks passwords. Everybody who is blocked is refused `blocked`."""

    def __init__(self, db: Database, words: Passwords | None = None) -> None:
        self._db = db
        self._words = words or Passwords()

    async def by_link(self, token: str, *, now: int, agent: str = "", device: str = "") -> Identity:
        """The follower of a link, once. `device` is the secret of this browser, if it has one. Refused `link_unknown`,
        `link_used`, `link_expired`, `expert_has_account`."""
        async with self._db.begin() as tx:
            link = await links.take(tx, token, now=now)
            own = link.device != "" and device != "" and links.digest(device) == link.device
            who = await accounts.member_of(tx, link, own_device=own, now=now)
            if who.account and who.subject == link.subject and link.purpose == "sign_up":
                # What was a visitor's is now an account's: an older cookie of the visitor is none of the account.
                await sign_ins.end_member(tx, who.pool, who.role, who.subject, now, "grown_up")
            return await sign_ins.begin(tx, who, "mail" if link.purpose else "link", agent, now)

    async def by_password(
        self, pool: str, role: Member, email: str, password: str, *, now: int, agent: str = ""
    ) -> Identity:
        """Whoever knows the password. One refusal for all that can be wrong, after the same time: `wrong_password`."""
        to = accounts.normalised(email)
        async with self._db.read() as tx:
            known = await store.account_of(tx, to)
        stored = known["password"] if known else ""
        if not await self._words.matches(stored, password) or known is None:
            raise Refusal(NOBODY)
        again = await self._words.hash(password) if passwords.needs_rehash(stored) else ""
        async with self._db.begin() as tx:
            if again:
                await store.set_account(tx, known["account"], password=again)
            link = links.Link(pool=pool, role=role, purpose="sign_in", email=to)
            try:
                who = await accounts.member_of(tx, link, own_device=False, now=now)
            except Refusal:
                raise Refusal(NOBODY) from None
            return await sign_ins.begin(tx, who, "password", agent, now)

    async def of(self, who: Identity, how: How, *, now: int, agent: str = "") -> Identity:
        """Somebody whom another door has checked: a visitor made up for the demo, a user of the host."""
        async with self._db.begin() as tx:
            return await sign_ins.begin(tx, who, how, agent, now)
