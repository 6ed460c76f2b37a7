"""Statements over HTTP: one's own account, and any account of a pool for its operators; as JSON and as a table."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, get_args

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from billing.statements import statements
from billing.statements.statements import PAGE, PAGE_MAX, Line, SetAside
from billing.store import PERSONAL, Kind
from billing.table import BOM, Cell, row
from ground.currency import whole
from ground.errors import Refusal
from server.house import House
from server.web.asking import answer, route
from server.web.editors import coming, operating
from server.web.people import before_of
from server.web.words import chosen, text
from sessions.store import parties
from wire.messages import Profile

OWN: Final[dict[str, Kind]] = {"user": "wallet", "expert": "earnings"}
COLUMNS: Final = (
    "id", "at", "kind", "amount", "balance", "currency", "session", "seconds", "rate", "gross", "fee", "partner",
    "reference",
)  # fmt: skip
_TOLD_WHY: Final = frozenset({"goodwill", "forfeit"})
"""Kinds whose memo is for whoever's account it is; of the others it is the operators'."""


Parties = Mapping[str, tuple[str, str]]
"""By session the expert and the name of the user."""


class Item(Struct, kw_only=True, frozen=True):
    """A line as pages show it: amounts in minor units, `at` in ms, whole `seconds`. What is not of a session is 0."""

    id: int
    at: int
    kind: str
    amount: int
    balance: int
    session: str
    seconds: int
    rate: int
    gross: int
    fee: int
    partner: str
    reference: str


class Told(Struct, kw_only=True, frozen=True):
    """A page of a statement, newest first. `held` of `balance` is set aside, for what `set_aside` lists."""

    currency: str
    balance: int
    held: int
    frozen: bool
    items: list[Item]
    more: bool
    set_aside: list[SetAside]


class Asked(Struct, frozen=True):
    """Whose account somebody asks for. Fees are not told to users, and the names of users not by their ids."""

    pool: str
    kind: Kind
    owner: str
    by_operator: bool


class Statements:
    """The handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        own, any_of = "/v1/pools/{pool}/statement", "/v1/pools/{pool}/statements/{kind}/{owner}"
        return [
            route(f"{own}.csv", self.own_table, "GET"),
            route(own, self.own_page, "GET"),
            route(f"{any_of}.csv", self.table, "GET"),
            route(any_of, self.page, "GET"),
        ]

    async def own_page(self, request: Request) -> Response:
        """What was booked on one's own account, by `role` (user or expert)."""
        return await self._page(request, await self._own(request))

    async def own_table(self, request: Request) -> Response:
        return await self._table(request, await self._own(request))

    async def page(self, request: Request) -> Response:
        """Any account of the pool; those that are the pool's own have no owner, whatever stands in its place."""
        return await self._page(request, await self._any(request))

    async def table(self, request: Request) -> Response:
        return await self._table(request, await self._any(request))

    async def _own(self, request: Request) -> Asked:
        who = await coming(request, self._house, list(OWN))  # type: ignore[arg-type]
        return Asked(who.pool, OWN[who.role], who.subject, by_operator=False)

    async def _any(self, request: Request) -> Asked:
        who = await operating(request, self._house)
        kind: Kind = request.path_params["kind"]
        if kind not in get_args(Kind):
            raise Refusal("not_found")
        return Asked(who.pool, kind, request.path_params["owner"] if kind in PERSONAL else "", by_operator=True)

    async def _page(self, request: Request, asked: Asked) -> Response:
        before, limit = before_of(request), _limit(request)
        async with self._house.database.read() as tx:
            found = await statements.statement(tx, asked.pool, asked.kind, asked.owner, before=before, limit=limit)
        if found is None:
            return answer(_empty(await self._currency(asked.pool)))
        return answer(Told(
            currency=found.currency, balance=found.balance, held=found.held, frozen=found.frozen, more=found.more,
            items=await self._items(asked, found.lines), set_aside=found.set_aside,
        ))  # fmt: skip

    async def _table(self, request: Request, asked: Asked) -> Response:
        """A file for a spreadsheet, oldest first, sent as it is read."""
        language = chosen(request.query_params.get("language", ""))
        head = BOM + row([text(language, f"csv.{name}") for name in COLUMNS])
        currency = await self._currency(asked.pool)
        headers = {"content-disposition": f'attachment; filename="openline-{asked.pool}-{asked.kind}.csv"'}
        lines = self._lines(asked, head, currency)
        return StreamingResponse(lines, headers=headers, media_type="text/csv; charset=utf-8")

    async def _lines(self, asked: Asked, head: str, currency: str) -> AsyncIterator[bytes]:
        yield head.encode()
        async for lines in statements.all_lines(self._house.database, asked.pool, asked.kind, asked.owner):
            named = await self._items(asked, lines)
            cells = zip(named, lines, strict=True)
            yield "".join(row(_cells(item, line.ran_ms, currency)) for item, line in cells).encode()

    async def _currency(self, pool: str) -> str:
        """That of the pool's money; while there is none, that of its options."""
        async with self._house.database.read() as tx:
            found = await statements.currency(tx, pool)
        return found or (await self._house.profiles.pool(pool)).options.currency

    async def _items(self, asked: Asked, lines: Sequence[Line]) -> list[Item]:
        sessions = sorted({line.session for line in lines if line.session})
        async with self._house.database.read() as tx:
            known = await parties(tx, asked.pool, sessions) if sessions else {}
        profiles = (await self._house.catalogue.open(asked.pool)).profiles
        return [_item(line, _partner(asked, line, known, profiles), asked) for line in lines]


def _partner(asked: Asked, line: Line, known: Parties, profiles: Mapping[str, Profile]) -> str:
    """Who is on the other side: an expert by the name of the profile, a user by that in the session. A user who is
    forgotten has none; operators see the id in its place."""
    expert, user = known.get(line.session, (line.expert, ""))
    if line.session and asked.kind == "earnings":
        return user or (line.user if asked.by_operator else "")
    whose = expert if line.session else line.other if asked.by_operator else ""
    return profiles[whose].name if whose in profiles else whose


def _item(line: Line, partner: str, asked: Asked) -> Item:
    told_fee = asked.by_operator or asked.kind == "earnings"
    why = line.memo if line.memo and (asked.by_operator or line.kind in _TOLD_WHY) else ""
    return Item(
        id=line.id, at=line.at, kind=line.kind, amount=line.amount, balance=line.balance, session=line.session,
        seconds=line.ran_ms // 1000, rate=line.rate, gross=line.gross, fee=line.fee if told_fee else 0,
        partner=partner, reference=why or ("" if line.session else line.reference),
    )  # fmt: skip


def _cells(item: Item, ran_ms: int, currency: str) -> list[Cell]:
    """One line of the table: the time with its zone, amounts in units of the currency, seconds to the thousandth."""
    at = datetime.fromtimestamp(item.at / 1000, UTC).isoformat(timespec="milliseconds")
    money = [whole(item.amount, currency), whole(item.balance, currency)]
    session: list[Cell] = ["", "", "", ""]
    if item.session:
        amounts = [whole(amount, currency) for amount in (item.rate, item.gross, item.fee)]
        session = [Decimal(ran_ms).scaleb(-3), *amounts]
    return [item.id, at, item.kind, *money, currency, item.session, *session, item.partner, item.reference]


def _empty(currency: str) -> Told:
    return Told(currency=currency, balance=0, held=0, frozen=False, items=[], more=False, set_aside=[])


def _limit(request: Request) -> int:
    """How many lines are asked for. Raises Refusal (`malformed`)."""
    given = request.query_params.get("limit", str(PAGE))
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise Refusal("malformed", "limit")
    return min(max(1, int(given)), PAGE_MAX)
