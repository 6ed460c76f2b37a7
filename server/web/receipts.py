"""Receipts over HTTP: of a session for its parties and operators, and the keys that sign them for everybody."""

from typing import Final, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing.receipts import books
from ground.errors import Refusal
from identity.tokens import Identity, Member
from server.house import House
from server.web.asking import answer, route
from server.web.editors import coming
from sessions.store import LoggedSession, find

ID_MAX: Final = 200


class Receipts:
    """The handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        return [
            route("/v1/pools/{pool}/sessions/{session}/receipt.json", self.read, "GET"),
            route("/.well-known/openline-receipts.json", self.keys, "GET"),
        ]

    async def read(self, request: Request) -> Response:
        """The receipt as a file. Refused `not_found`: also a session of others, and one that is not settled."""
        who = await coming(request, self._house, get_args(Member))
        session = request.path_params["session"]
        logged = await find(self._house.database, who.pool, session) if len(session) <= ID_MAX else None
        body = await books.receipt_of(self._house.database, who.pool, session) if may_read(who, logged) else None
        if body is None:
            raise Refusal("not_found")
        headers = {"content-disposition": f'attachment; filename="receipt-{session}.json"'}
        return Response(body, headers=headers, media_type="application/json")

    async def keys(self, _request: Request) -> Response:
        """Every public key (Ed25519, base64url) that has ever signed, the present one last."""
        return answer({"keys": await books.published(self._house.database, self._house.signer)})


def may_read(who: Identity, logged: LoggedSession | None) -> bool:
    """Whether this session is one of theirs."""
    if logged is None:
        return False
    return who.role == "operator" or who.subject == (logged.user if who.role == "user" else logged.expert)
