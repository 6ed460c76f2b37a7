"""What happens by itself: events on their way, payments that settle, sessions that end, disputes, late refunds."""

import asyncio
import hashlib
import hmac
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

import structlog

from server.test_processor.cards import BY_NAME
from server.test_processor.checkout import Checkout
from server.test_processor.errors import ApiError
from server.test_processor.payments import Payments
from server.test_processor.settings import Settings
from server.test_processor.state import Due, Object, State, shown

ANSWER_S: Final = 10.0
LEASE_MS: Final = 30_000
"""An event on its way is not sent again for so long, unless it comes back refused."""
LONGEST_MS: Final = 60_000
ATTEMPTS: Final = 16
AT_ONCE: Final = 4
LOOK_AGAIN_S: Final = 0.2
_log = structlog.get_logger("openline.test_processor")


def signature(payload: bytes, secret: str, at_s: int) -> str:
    """The `Stripe-Signature` header of a body that leaves at `at_s`. Pure."""
    digest = hmac.new(secret.encode(), b"%d." % at_s + payload, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


class Worker:
    """Runs what is due, one thing after the other; only deliveries overlap. A crash repeats, and loses nothing."""

    def __init__(self, state: State, payments: Payments, checkout: Checkout, settings: Settings) -> None:
        self._state = state
        self._payments = payments
        self._checkout = checkout
        self._settings = settings
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()
        self._does: dict[str, Callable[[str], None]] = {
            "settle": self._settle,
            "expire": self._expire,
            "dispute": self._dispute,
            "refund": self._refund,
        }

    async def run(self) -> None:
        """Until cancelled. What a browser or a call puts on the list is seen within LOOK_AGAIN_S."""
        try:
            while True:  # noqa: ASYNC110 - what is due stands in a table
                await asyncio.sleep(0 if self.step() else LOOK_AGAIN_S)
        finally:
            for task in self._under_way:
                task.cancel()

    def step(self) -> bool:
        """Do or begin one thing that is due. Returns whether there was one."""
        due = self._state.next_due()
        if due is None or due.at > self._state.clock.now_ms():
            return False
        if due.what == "deliver":
            self._lease(due, LEASE_MS)
            task = asyncio.create_task(self._deliver(due))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            return True
        try:
            with self._state.change():
                self._state.done(due)
                with suppress(ApiError):  # it has come to another end before
                    self._does[due.what](due.about)
        except Exception as error:  # one that can't be done must not stand before all others
            _log.error("not_done", what=due.what, about=due.about, exc_info=error)
            self._lease(due, LEASE_MS)
        return True

    def _lease(self, due: Due, ms: int) -> None:
        with self._state.change():
            self._state.put_off(due, ms)

    async def _deliver(self, due: Due) -> None:
        event = self._state.get("event", due.about)
        async with self._slots:
            status = await asyncio.to_thread(self._post, event)
        if 200 <= status < 300 or due.attempt + 1 >= ATTEMPTS:
            with self._state.change():
                self._state.done(due)
        else:
            self._lease(due, min(self._settings.retry_ms * 2**due.attempt, LONGEST_MS))
        write = _log.info if 200 <= status < 300 else _log.warning
        write("webhook", about=event["id"], kind=event["type"], status=status, attempt=due.attempt + 1)

    def _post(self, event: Object) -> int:
        """The status of the answer, 0 when there was none. In a thread."""
        payload = json.dumps(shown(event)).encode()
        parts = urlsplit(self._settings.webhook)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Openline test processor",
            "Stripe-Signature": signature(payload, self._settings.secret, self._state.now_s()),
        }
        connection = _connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.request("POST", parts.path or "/", payload, headers)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()

    def _settle(self, intent: str) -> None:
        found = self._state.get("payment_intent", intent)
        if found["status"] == "processing":
            self._checkout.settled(found, paid=self._payments.settle(found))

    def _expire(self, session: str) -> None:
        found = self._state.get("checkout.session", session)
        if found["status"] == "open":
            self._checkout.expire(found)

    def _dispute(self, charge: str) -> None:
        found = self._state.get("charge", charge)
        self._payments.dispute(found, BY_NAME[found["_means"]].disputed)

    def _refund(self, refund: str) -> None:
        self._payments.finish_refund(self._state.get("refund", refund))


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(host, port, timeout=ANSWER_S, context=ssl.create_default_context())
    return HTTPConnection(host, port, timeout=ANSWER_S)
