"""`/v1/...`: keys, idempotency and errors around the calls."""

import hashlib
import json
import secrets
from hmac import compare_digest
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.test_processor.calls import Call, Calls, Handler
from server.test_processor.errors import ApiError, bad, unauthorized
from server.test_processor.events import API_VERSION
from server.test_processor.forms import decoded
from server.test_processor.params import Params
from server.test_processor.settings import LIVE, Settings
from server.test_processor.state import Object, State, shown

BODY_MAX: Final = 64 * 1024
EXPANDED_MAX: Final = 20
_REMEMBERED: Final = (200, 402)
"""What the same key is answered again; a call that was not understood has done nothing and may be put right."""


class Answer(NamedTuple):
    status: int
    body: str
    replayed: bool = False


class Api:
    """The routes. Each call is one change of the state."""

    def __init__(self, state: State, calls: Calls, settings: Settings) -> None:
        self._state = state
        self._calls = calls
        self._key = settings.key
        self._public = settings.public.rstrip("/")

    def routes(self) -> list[Route]:
        c = self._calls
        return [
            self._route("POST", "/customers", c.make_customer),
            self._route("GET", "/customers", c.lister("customer", "/v1/customers", "email")),
            self._route("GET", "/customers/{id}", c.get_customer),
            self._route("DELETE", "/customers/{id}", c.delete_customer),
            self._route("DELETE", "/customers/{id}", c.forget_customer),
            self._route("GET", "/customers/{id}/payment_methods", c.methods_of),
            self._route("POST", "/checkout/sessions", c.open_session),
            self._route(
                "GET", "/checkout/sessions",
                c.lister("checkout.session", "/v1/checkout/sessions", "customer", "payment_intent", "status"),
            ),
            self._route("GET", "/checkout/sessions/{id}", c.getter("checkout.session")),
            self._route("POST", "/checkout/sessions/{id}/expire", c.expire_session),
            self._route("POST", "/payment_intents", c.make_intent),
            self._route("GET", "/payment_intents", c.lister("payment_intent", "/v1/payment_intents", "customer")),
            self._route("GET", "/payment_intents/{id}", c.getter("payment_intent")),
            self._route("POST", "/payment_intents/{id}/confirm", c.confirm_intent),
            self._route("POST", "/payment_intents/{id}/cancel", c.cancel_intent),
            self._route(
                "GET", "/payment_methods", c.lister("payment_method", "/v1/payment_methods", "customer", "type")
            ),
            self._route("GET", "/payment_methods/{id}", c.getter("payment_method")),
            self._route("POST", "/payment_methods/{id}/detach", c.detach),
            self._route("GET", "/charges", c.lister("charge", "/v1/charges", "customer", "payment_intent")),
            self._route("GET", "/charges/{id}", c.getter("charge")),
            self._route("POST", "/refunds", c.refund),
            self._route("GET", "/refunds", c.lister("refund", "/v1/refunds", "charge", "payment_intent")),
            self._route("GET", "/refunds/{id}", c.getter("refund")),
            self._route("GET", "/disputes", c.lister("dispute", "/v1/disputes", "charge", "payment_intent")),
            self._route("GET", "/disputes/{id}", c.getter("dispute")),
            self._route("POST", "/disputes/{id}", c.answer_dispute),
            self._route("POST", "/disputes/{id}/close", c.close_dispute),
            self._route("GET", "/events", c.lister("event", "/v1/events", "type")),
            self._route("GET", "/events/{id}", c.getter("event")),
            self._route("POST", "/test_helpers/disputes", c.dispute),
            self._route("POST", "/test_helpers/events/{id}/deliver", c.deliver),
            Route("/v1/{path:path}", self._unknown, methods=["GET", "POST", "DELETE"]),
        ]  # fmt: skip

    def _route(self, method: str, path: str, handler: Handler) -> Route:
        async def serve(request: Request) -> Response:
            body = (await request.body()).decode("utf-8", "replace") if method == "POST" else request.url.query
            try:
                answer = self._answer(request, body, handler)
            except ApiError as error:
                answer = Answer(error.status, json.dumps(error.body))
            return _response(request, answer)

        return Route(f"/v1{path}", serve, methods=[method])

    async def _unknown(self, request: Request) -> Response:
        error = ApiError(404, "invalid_request_error", f"The test processor has no {request.method} {request.url.path}")
        return _response(request, Answer(404, json.dumps(error.body)))

    def _answer(self, request: Request, text: str, handler: Handler) -> Answer:
        self._authorize(request)
        if len(text) > BODY_MAX:
            raise bad("The body is too large.")
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        asked = hashlib.sha256(f"{request.url.path}\n{text}".encode()).hexdigest()
        if len(key) > 255:
            raise bad("An idempotency key has at most 255 characters.")
        if key and (before := self._state.call(key)):
            return _replay(before, asked)
        with self._state.change():
            status, body = self._handled(request, text, handler)
            if key and status in _REMEMBERED:
                self._state.remember(key, asked, status, body)
        return Answer(status, body)

    def _handled(self, request: Request, text: str, handler: Handler) -> tuple[int, str]:
        tree = decoded(text)
        expand = tree.pop("expand", [])
        base = self._public or str(request.base_url).rstrip("/")
        try:
            found = handler(Call(Params(tree), request.path_params.get("id", ""), base))
        except ApiError as error:
            if error.status != 402:
                raise
            return 402, json.dumps(error.body)  # a refused card leaves its marks
        return 200, json.dumps(self._expanded(shown(found), expand))

    def _authorize(self, request: Request) -> None:
        scheme, _space, key = request.headers.get("authorization", "").partition(" ")
        if key.startswith(LIVE):
            raise unauthorized("This is a live key, and here is no real money. Nothing was done.")
        if scheme.lower() != "bearer" or not compare_digest(key.encode(), self._key.encode()):
            raise unauthorized("Invalid API key provided.")

    def _expanded(self, one: Object, paths: Any) -> Object:
        """`one` with the objects that its fields name, where asked."""
        if not isinstance(paths, list) or len(paths) > EXPANDED_MAX:
            raise bad("Invalid expand.", param="expand")
        for path in paths:
            self._expand(one, str(path).split("."))
        return one

    def _expand(self, one: Any, path: list[str]) -> None:
        if isinstance(one, list):
            for child in one:
                self._expand(child, path)
            return
        name, *rest = path
        if not isinstance(one, dict) or name not in one:
            raise bad(f"This property cannot be expanded ({name[:60]}).", param="expand")
        found = self._state.find(one[name]) if isinstance(one[name], str) else None
        one[name] = shown(found) if found else one[name]
        if rest and one[name] is not None:
            self._expand(one[name], rest)


def _replay(before: tuple[str, int, str], asked: str) -> Answer:
    if before[0] != asked:
        raise ApiError(
            400, "idempotency_error", "This idempotency key was used for another call, or with other parameters."
        )
    return Answer(before[1], before[2], replayed=True)


def _response(request: Request, answer: Answer) -> Response:
    headers = {
        "request-id": f"req_{secrets.token_hex(7)}",
        "stripe-version": request.headers.get("stripe-version", API_VERSION),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    if answer.replayed:
        headers["idempotent-replayed"] = "true"
    return Response(answer.body, answer.status, headers, "application/json")
