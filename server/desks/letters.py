"""When nobody can come: a message by mail to the expert, and being told, once, when the expert is free.

No mail carries a stranger's words to anybody but the expert: who leaves a message gets no copy of it, and the mail
that tells of a free expert says only that. So an address that nobody has checked needs no confirmation first: at worst
its owner gets one such mail for each wish, and few wishes a day are taken for it and from one network.
"""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from directory import wishes
from directory.expert import Expert
from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import Database, Tx
from mail import outbox
from mail.address import has_control, normal, same
from mail.letter import Letter
from server.connection import Connection
from server.desks.desk import Handlers
from server.limits import is_own_machine
from server.mail_texts import chosen, moment, text, written
from server.pages import View
from wire import messages

EmailOf = Callable[[str, str, str], Awaitable[str]]
"""The account's address of a member (pool, role, subject), "" for one without."""

# How many a day of UTC.
MESSAGES_FROM_ADDRESS: Final = 5
MESSAGES_FROM_NETWORK: Final = 10
MESSAGES_TO_EXPERT: Final = 200
WISHES_OF_ADDRESS: Final = 5
WISHES_OF_MEMBER: Final = 20
WISHES_FROM_NETWORK: Final = 10
_REORDERS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


class Sender(NamedTuple):
    """Who asks. `checked`: the address is the one of their account."""

    address: str
    name: str
    checked: bool


class LettersDesk:
    """Answers `leave_message` and `tell_me`. `base` is where people reach the server; `hint` wakes who sends."""

    def __init__(self, db: Database, clock: Clock, base: str, email_of: EmailOf, hint: Callable[[], None]) -> None:
        self._db = db
        self._clock = clock
        self._base = base
        self._email_of = email_of
        self._hint = hint

    def handlers(self) -> Handlers:
        return {messages.LeaveMessage: self._leave_message, messages.TellMe: self._tell_me}

    async def wants(self, pool: str, expert: str, user: str) -> bool:
        """Whether the user waits to be told of the expert (`AboutExpert.told_when_free`)."""
        return await wishes.wanted(self._db, pool, expert, user, self._clock.now_ms())

    # ------------------------------------------------------------ a message

    async def _leave_message(self, conn: Connection, ask: messages.LeaveMessage) -> messages.Ok:
        """Refused `unknown_expert`, `unreachable`, `empty_text`, `no_email`, `bad_email`, `too_many_messages`."""
        view: View = conn.view
        expert = _expert(view, ask.expert)
        if not ask.text.strip():
            raise Refusal("empty_text")
        if not expert.email:
            raise Refusal("unreachable", expert.expert)
        sender = await self._sender(conn, ask.email, ask.name)
        now = self._clock.now_ms()
        letter = self._message(conn, view, expert, sender, ask, now)
        async with self._db.begin() as tx:
            if not await outbox.known(tx, conn.pool, letter.key):
                await self._count_message(tx, conn, expert, sender, now)
                await _put(tx, letter, now)
        self._hint()
        return _ok(view, ask)

    def _message(
        self, conn: Connection, view: View, expert: Expert, sender: Sender, ask: messages.LeaveMessage, now: int
    ) -> Letter:
        language = chosen(*expert.languages)
        mail = written(
            language, "message",
            pool=view.page.pool.name, expert=expert.name, name=sender.name, address=sender.address,
            at=moment(language, now, expert.timezone), message=_quoted(ask.text),
            checked=text(language, f"mail.message.{'member' if sender.checked else 'unchecked'}"),
            link=f"{self._base}/p/{conn.pool}/expert",
        )  # fmt: skip
        return Letter(
            kind="message", pool=conn.pool, to=expert.email, subject=mail.subject, text=mail.text, secret=False,
            reply_to=sender.address, reply_name=sender.name, key=f"message/{_who(conn)}/{ask.op}",
        )  # fmt: skip

    async def _count_message(self, tx: Tx, conn: Connection, expert: Expert, sender: Sender, now: int) -> None:
        await outbox.count(tx, f"message-from:{same(sender.address)}", MESSAGES_FROM_ADDRESS, now)
        if not is_own_machine(conn.address):
            await outbox.count(tx, f"message-from-network:{conn.address}", MESSAGES_FROM_NETWORK, now)
        await outbox.count(tx, f"message-to:{conn.pool}/{expert.expert}", MESSAGES_TO_EXPERT, now)

    # ------------------------------------------------------------ a wish

    async def _tell_me(self, conn: Connection, ask: messages.TellMe) -> messages.Ok:
        """Refused `unknown_expert`, `expert_free`, `no_email`, `bad_email`, `too_many_wishes`, `too_many_messages`."""
        view: View = conn.view
        _expert(view, ask.expert)
        if not ask.wanted:
            await self._take_back(conn, ask.expert, ask.email)
            return _ok(view, ask)
        _check_not_free(view, ask.expert)
        sender = await self._sender(conn, ask.email, "")
        subject, now = conn.member, self._clock.now_ms()
        wish = wishes.Wish(
            pool=conn.pool, expert=ask.expert, address=sender.address, subject=subject, language=chosen(ask.language)
        )
        async with self._db.begin() as tx:
            if await wishes.put(tx, wish, now):
                await self._count_wish(tx, conn, sender, now)
        try:
            # The page that made them free may have been written just before the wish.
            _check_not_free(view, ask.expert)
        except Refusal:
            await self._take_back(conn, ask.expert, sender.address)
            raise
        return _ok(view, ask)

    async def _take_back(self, conn: Connection, expert: str, email: str) -> None:
        async with self._db.begin() as tx:
            address = normal(email) if email else ""
            await wishes.take_back(tx, conn.pool, expert, subject=conn.member, address=address)

    async def _count_wish(self, tx: Tx, conn: Connection, sender: Sender, now: int) -> None:
        most = WISHES_OF_MEMBER if sender.checked else WISHES_OF_ADDRESS
        await outbox.count(tx, f"wish-of:{same(sender.address)}", most, now)
        if not sender.checked and not is_own_machine(conn.address):
            await outbox.count(tx, f"wish-from-network:{conn.address}", WISHES_FROM_NETWORK, now)

    # ------------------------------------------------------------ who asks

    async def _sender(self, conn: Connection, email: str, name: str) -> Sender:
        """The address and name for answers: those given, or those of the account. Refused `no_email`, `bad_email`."""
        own = await self._email_of(conn.pool, conn.role, conn.member) if conn.member else ""
        address = normal(email) if email else own
        if not address:
            raise Refusal("no_email")
        checked = bool(own) and same(address) == same(own)
        return Sender(address, _name(conn.name if checked and conn.name else name) or address, checked)


def _expert(view: View, expert: str) -> Expert:
    found = view.page.experts.get(expert)
    if found is None:
        raise Refusal("unknown_expert", expert)
    return found


def _check_not_free(view: View, expert: str) -> None:
    """Raises Refusal (`expert_free`)."""
    live = view.live.mirror.experts.get(expert)
    if live is not None and live.indicator == "free":
        raise Refusal("expert_free", expert)


async def _put(tx: Tx, letter: Letter, now: int) -> None:
    """Raises Refusal (`unreachable`) also for an expert's address that is none: it is not the asker's to put right."""
    try:
        normal(letter.to)
    except Refusal:
        raise Refusal("unreachable") from None
    await outbox.put(tx, letter, now)


def _who(conn: Connection) -> str:
    """Whose operation ids these are: a member's, or those that come from one network."""
    return f"{conn.role}:{conn.member}" if conn.member else f"network:{conn.address}"


def _name(typed: str) -> str:
    """A name as one line, without marks that turn the reading order around what follows."""
    return " ".join("".join(" " if has_control(c) else c for c in typed.translate(_REORDERS)).split())


def _quoted(text: str) -> str:
    """A message marked line by line, so that nothing in it passes for words of ours."""
    return "\n".join(f"> {line}" for line in text.strip().splitlines())


def _ok(view: View, ask: messages.Request) -> messages.Ok:
    return messages.Ok(id=ask.id, seq=view.live.mirror.seq)
