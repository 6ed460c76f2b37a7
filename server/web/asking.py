"""What HTTP handlers share: who asks, what they sent, and refusals as answers."""

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ground.errors import Refusal, StoreUnavailable
from identity.tokens import Identity, Member
from server.guard import Guard
from server.origins import Came

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
STATUS: Final = {
    "malformed": 400,
    "not_signed_in": 401,
    "not_allowed": 403,
    "blocked": 403,
    "wrong_origin": 403,
    "link_unknown": 403,
    "link_used": 403,
    "link_expired": 403,
    "wrong_password": 403,
    "no_account": 404,
    "no_visitors": 403,
    "bad_token": 401,
    "sign_in_unavailable": 503,
    "no_such_provider": 404,
    "no_such_pool": 404,
    "unknown_expert": 404,
    "not_found": 404,
    "no_such_batch": 404,
    "too_large": 413,
    "photo_too_large": 413,
    "not_a_photo": 415,
    "photo_broken": 422,
    "photo_too_small": 422,
    "photo_animated": 422,
    "bad_profile": 422,
    "bad_iban": 422,
    "no_such_file": 404,
    "no_such_session": 404,
    "no_recording": 404,
    "file_too_large": 413,
    "file_type": 415,
    "file_broken": 422,
    "file_refused": 422,
    "scan_failed": 503,
    "no_room": 507,
    "rate_limited": 429,
    "store_unavailable": 503,
    "processor_unavailable": 503,
}
"""The HTTP status of a refusal; 409 where none is named."""


def came(request: Request) -> Came:
    """Where the request came from (`server/middleware.py`)."""
    found: Came = request.state.came
    return found


async def sent(request: Request, kind: type[T]) -> T:
    """The JSON body as `kind`. Raises Refusal (`malformed`, its detail says what is wrong)."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as wrong:
        raise Refusal("malformed", str(wrong)[:200]) from None
    except (UnicodeDecodeError, RecursionError):
        raise Refusal("malformed") from None


async def member(request: Request, guard: Guard, pool: str, roles: Sequence[Member]) -> Identity:
    """Who asks, in one of `roles`. Raises Refusal (`not_signed_in`)."""
    found = await guard.of_cookie(request.headers.get("cookie", ""), pool, roles, secure=came(request).secure)
    if found is None:
        raise Refusal("not_signed_in")
    return found


def answer(body: object, status: int = 200) -> Response:
    """`body` as JSON."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def refused(code: str, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    """A refusal as an answer."""
    return JSONResponse({"code": code, "detail": detail}, STATUS.get(code, 409), headers=headers)


def route(path: str, handler: Handler, *methods: str, foreign: bool = False) -> Route:
    """A route whose handler may raise Refusal. What changes something is for our own pages only: a page of another
    origin that may open sockets is let through by `middleware.py`, but acts over HTTP only where `foreign`."""

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        ours = request.headers.get("origin", "") == came(request).own_origin
        if request.method not in ("GET", "HEAD", "OPTIONS") and not (ours or foreign):
            return refused("wrong_origin")
        if any("\x00" in value for value in request.path_params.values()):
            return refused("not_found")  # nothing has such a name, and PostgreSQL can't even be asked for it
        try:
            return await handler(request)
        except Refusal as refusal:
            return refused(refusal.code, refusal.detail)
        except StoreUnavailable:
            return refused("store_unavailable")
        except ClientDisconnect:
            return refused("malformed")  # read by nobody

    return Route(path, guarded, methods=list(methods))
