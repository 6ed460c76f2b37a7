"""The hosted page `/pay/{session}`: a form, a step to approve, and the way back. It needs no JavaScript.

Nobody else's page can post to it: a form carries a token that is made of the browser's own cookie, which no other site
can read, and the cookie does not come along from other sites.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.test_processor.cards import INSTRUMENTS, Wrong, check_cvc, expiry_of, instrument_of
from server.test_processor.checkout import Checkout, success_url
from server.test_processor.errors import ApiError
from server.test_processor.payments import Payments
from server.test_processor.settings import Settings
from server.test_processor.state import Object, State
from server.web.words import money

COOKIE: Final = "test_processor"
FORM_MAX: Final = 8 * 1024
_PAGES: Final = Path(__file__).parent / "pages"
_templates: Final = Environment(
    loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


class Hosted:
    """What people see of the processor."""

    def __init__(self, state: State, payments: Payments, checkout: Checkout, settings: Settings, seal: str) -> None:
        self._state = state
        self._payments = payments
        self._checkout = checkout
        self._merchant = settings.merchant
        self._seal = seal.encode()

    def routes(self) -> list[Route]:
        return [
            Route("/pay.css", self.style, methods=["GET"]),
            Route("/pay/{id}", self.show, methods=["GET"]),
            Route("/pay/{id}", self.pay, methods=["POST"]),
            Route("/pay/{id}/approval", self.approve, methods=["POST"]),
        ]

    async def style(self, _request: Request) -> Response:
        return Response((_PAGES / "pay.css").read_bytes(), media_type="text/css", headers=_headers())

    async def show(self, request: Request) -> Response:
        """The page as the session stands."""
        session = self._session(request)
        if session is None:
            return _page("over.html", {"said": "There is nothing to pay here.", "back": "", "merchant": ""}, 404)
        return self._shown(request, session)

    async def pay(self, request: Request) -> Response:
        """Somebody has filled in the form."""
        session, form = self._session(request), await _form(request)
        if session is None or session["status"] != "open":
            return await self.show(request)
        if not self._ours(request, session, form):
            return self._shown(request, session, ("", "The page was open for too long. Please try once more."), 403)
        try:
            return self._tried(request, session, form)
        except Wrong as wrong:
            return self._shown(request, session, (wrong.name, str(wrong)), 422, form)

    async def approve(self, request: Request) -> Response:
        """The holder has approved the payment, or has not."""
        session, form = self._session(request), await _form(request)
        if session is None or not session["_asking"]:
            return await self.show(request)
        if not self._ours(request, session, form):
            return self._shown(request, session, ("", "Please choose once more."), 403)
        with self._state.change():
            refused = self._checkout.answer(session, approved=form.get("choice") == "approve")
        return self._after(request, session, refused.message if refused else "")

    def _tried(self, request: Request, session: Object, form: dict[str, str]) -> Response:
        means = instrument_of(form.get("number", ""))
        month = year = 0
        if means.kind == "card":
            today = datetime.fromtimestamp(self._state.now_s(), UTC)
            month, year = expiry_of(form.get("expiry", ""), today.year, today.month)
            check_cvc(form.get("cvc", ""), means.brand)
        with self._state.change():
            method = self._payments.method(means, month, year, form.get("name", "")[:100])
            refused = self._checkout.pay(session, method)
        return self._after(request, session, refused.message if refused else "")

    def _after(self, request: Request, session: Object, refused: str) -> Response:
        if session["status"] == "complete":
            return RedirectResponse(success_url(session), 303, _headers(session))
        if refused:
            return self._shown(request, session, ("", refused), 402)
        return RedirectResponse(f"/pay/{session['id']}", 303, _headers(session))

    def _shown(
        self, request: Request, session: Object, problem: tuple[str, str] = ("", ""), status: int = 200,
        form: dict[str, str] | None = None,
    ) -> Response:  # fmt: skip
        common = {"merchant": self._merchant, "back": session["cancel_url"] or ""}
        if session["status"] == "complete":
            return _page(
                "over.html", {**common, "said": "This is paid.", "back": success_url(session)}, status, session
            )
        if session["status"] != "open":
            return _page("over.html", {**common, "said": "This payment is no longer possible."}, status, session)
        nonce = request.cookies.get(COOKIE, "")[:64] or secrets.token_urlsafe(16)
        values = common | {
            "session": session["id"], "token": self._token(nonce, session), "instruments": INSTRUMENTS,
            "amount": money("en", session["amount_total"], session["currency"].upper()), "lines": session["_lines"],
            "problem": problem[1], "wrong": problem[0], "expiry": (form or {}).get("expiry", "")[:10],
            "name": (form or {}).get("name", "")[:100],
        }  # fmt: skip
        answer = _page("approval.html" if session["_asking"] else "pay.html", values, status, session)
        answer.set_cookie(COOKIE, nonce, path="/pay", httponly=True, samesite="strict")
        return answer

    def _session(self, request: Request) -> Object | None:
        try:
            return self._state.get("checkout.session", request.path_params["id"])
        except ApiError:
            return None

    def _ours(self, request: Request, session: Object, form: dict[str, str]) -> bool:
        """Whether this browser was given the form by us."""
        nonce, origin = request.cookies.get(COOKIE, "")[:64], request.headers.get("origin", "")
        if origin not in ("", "null") and urlsplit(origin).netloc != request.url.netloc:
            return False
        return bool(nonce) and hmac.compare_digest(self._token(nonce, session).encode(), form.get("token", "").encode())

    def _token(self, nonce: str, session: Object) -> str:
        return hmac.new(self._seal, f"{nonce}.{session['id']}".encode(), hashlib.sha256).hexdigest()


def _page(template: str, values: dict[str, Any], status: int, session: Object | None = None) -> Response:
    body = _templates.get_template(template).render(values)
    return Response(body, status, _headers(session), "text/html")


def _headers(session: Object | None = None) -> dict[str, str]:
    """Browsers hold a form to where its answer leads, too: the merchant's own pages."""
    ways = [session["success_url"], session["cancel_url"]] if session else []
    origins = sorted({f"{parts.scheme}://{parts.netloc}" for way in ways if way and (parts := urlsplit(way))})
    return {
        "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        + " ".join(["form-action 'self'", *origins]),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin-allow-popups",
    }


async def _form(request: Request) -> dict[str, str]:
    """The fields that were sent; none when there are too many bytes."""
    text = b""
    async for chunk in request.stream():
        text += chunk
        if len(text) > FORM_MAX:
            return {}
    return dict(parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True))
