"""The card processor, through its own SDK: nothing else knows that there is one.

Every call has an end, and one of three: an answer, `ProcessorRefused` (it will never do that), or `ProcessorDown` (what
became of the call is unknown; made again with the same key, it has one effect). Neither holds what the processor said
in words, for its words may hold a part of the key or of what was sent.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Struct

from billing.deposits import answers
from billing.deposits.answers import Card, CheckoutState, Disputed, Event, Payment, PayPage, Returned

T = TypeVar("T")
STRIPE_API: Final = "https://api.stripe.com"
PAY_ORIGINS: Final = {STRIPE_API: "https://checkout.stripe.com"}
"""Where pages to pay at are, by the address of the interface; the interface's own origin where none is named."""
TOLERANCE_S: Final = 300
"""How far the time in a signature may be from ours."""
CALL_S: Final = 20.0
ONE_TRY_S: Final = 8.0
RETRIES: Final = 2
_ANSWERS: Final = ("Customer", "PaymentIntent", "PaymentMethod", "Refund", "Dispute", "ListObject")
_log = structlog.get_logger("openline.processor")


class ProcessorDown(Exception):
    """No answer that can be used."""


class ProcessorRefused(Exception):
    """The processor will not do that. `code` is its name for the reason; `missing`: there is no such thing."""

    def __init__(self, code: str, *, declined: bool = False, missing: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.declined = declined
        self.missing = missing


class BadSignature(Exception):
    """An event that the processor has not signed, or not lately."""


class Settings(Struct, frozen=True, kw_only=True):
    """How to reach the processor. `key` and `secret` are secrets; `api` is an origin."""

    key: str
    secret: str
    api: str = STRIPE_API

    def __repr__(self) -> str:
        return f"Settings(api={self.api!r})"


class Processor:
    """The processor. `now_s` is the time (s) by which signatures are judged."""

    def __init__(self, settings: Settings, now_s: Callable[[], float]) -> None:
        self._settings = settings
        self._now_s = now_s
        self._sdk: Any = None
        self._http: Any = None
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._http.close_async()

    def is_pay_page(self, url: str) -> bool:
        """Whether `url` is a page of the processor's, where people may be sent to."""
        origin = PAY_ORIGINS.get(self._settings.api, self._settings.api)
        parts = urlsplit(url)
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
        return plain and f"{parts.scheme}://{parts.netloc}" == origin and parts.path.startswith("/")

    async def check(self) -> None:
        """Return when it answers, and takes the key. Raises ProcessorDown."""
        await self._ask(lambda v1: v1.checkout.sessions.list_async({"limit": 1}), answers.all_of)

    # ------------------------------------------------------------ paying

    async def customer(self, pool: str, user: str, key: str) -> str:
        """The processor's name for a user, made now. It is told our own id and nothing else of them."""
        told = {"metadata": {"pool": pool, "user": user}}
        return await self._ask(lambda v1: v1.customers.create_async(told, {"idempotency_key": key}), answers.id_of)

    async def forget_customer(self, customer: str) -> None:
        """Delete a customer with their cards; nothing when there is no such."""
        try:
            await self._ask(lambda v1: v1.customers.delete_async(customer), answers.id_of)
        except ProcessorRefused as refused:
            if not refused.missing:
                raise

    async def checkout(
        self, deposit: str, customer: str, amount: int, currency: str, title: str, success: str, cancel: str, *,
        keep_card: bool,
    ) -> PayPage:  # fmt: skip
        """A page to pay `amount` (the processor's units) at, one for each `deposit`."""
        intent: dict[str, Any] = {"metadata": {"deposit": deposit}}
        if keep_card:
            intent["setup_future_usage"] = "off_session"
        price = {"currency": currency.lower(), "unit_amount": amount, "product_data": {"name": title}}
        asked = {
            "mode": "payment", "line_items": [{"price_data": price, "quantity": 1}], "customer": customer,
            "client_reference_id": deposit, "metadata": {"deposit": deposit}, "payment_intent_data": intent,
            "success_url": success, "cancel_url": cancel,
        }  # fmt: skip
        options = {"idempotency_key": deposit}
        return await self._ask(lambda v1: v1.checkout.sessions.create_async(asked, options), answers.pay_page)

    async def checkout_state(self, checkout: str) -> CheckoutState:
        return await self._ask(lambda v1: v1.checkout.sessions.retrieve_async(checkout), answers.checkout_state)

    async def close_page(self, checkout: str) -> None:
        """Nobody can pay at a page any more. Raises ProcessorRefused when it is paid or closed already."""
        await self._ask(lambda v1: v1.checkout.sessions.expire_async(checkout), answers.id_of)

    async def payment(self, payment: str) -> Payment:
        return await self._ask(lambda v1: v1.payment_intents.retrieve_async(payment), answers.payment)

    async def charge(self, deposit: str, customer: str, method: str, amount: int, currency: str) -> Payment:
        """Charge a kept card without its holder being there, once for each `deposit`. Raises ProcessorRefused
        (`declined`) also when the holder would have to be asked."""
        asked = {
            "amount": amount, "currency": currency.lower(), "customer": customer, "payment_method": method,
            "off_session": True, "confirm": True, "metadata": {"deposit": deposit},
        }  # fmt: skip
        options = {"idempotency_key": deposit}
        return await self._ask(lambda v1: v1.payment_intents.create_async(asked, options), answers.payment)

    async def card(self, method: str) -> Card | None:
        """What may be shown of a payment method; None when it is no card."""
        return await self._ask(lambda v1: v1.payment_methods.retrieve_async(method), answers.card)

    async def drop_card(self, method: str) -> None:
        """The processor is to keep a card no longer; nothing when it does not."""
        try:
            await self._ask(lambda v1: v1.payment_methods.detach_async(method), answers.id_of)
        except ProcessorRefused as refused:
            _log.info("card_not_kept", code=refused.code)

    # ------------------------------------------------------------ going back

    async def refund(self, part: str, payment: str, amount: int) -> Returned:
        """Give `amount` of a payment back, once for each `part`."""
        asked = {"payment_intent": payment, "amount": amount, "metadata": {"part": part}}
        return await self._ask(lambda v1: v1.refunds.create_async(asked, {"idempotency_key": part}), answers.returned)

    async def refunds(self, payment: str) -> list[Returned]:
        """What of a payment was given back, as far as a page of the processor's list goes."""
        asked = {"payment_intent": payment, "limit": 100}
        return await self._ask(lambda v1: v1.refunds.list_async(asked), answers.all_returned)

    async def refunded(self, sent: str) -> Returned:
        return await self._ask(lambda v1: v1.refunds.retrieve_async(sent), answers.returned)

    async def dispute(self, dispute: str) -> Disputed:
        return await self._ask(lambda v1: v1.disputes.retrieve_async(dispute), answers.disputed)

    # ------------------------------------------------------------ what it tells

    async def event(self, body: bytes, signature: str) -> Event:
        """The event in `body`, if the processor has signed it within `TOLERANCE_S`. Raises BadSignature."""
        sdk = await self._ready()
        try:
            text = body.decode("utf-8")
            # The library would let a time to come pass, and reads a clock of its own.
            sdk.WebhookSignature.verify_header(text, signature, self._settings.secret, tolerance=None)
            lately = abs(self._now_s() - _signed_at(signature)) <= TOLERANCE_S
            told = msgspec.json.decode(body, type=answers.Told)
        except (sdk.SignatureVerificationError, UnicodeError, ValueError, msgspec.MsgspecError):
            raise BadSignature("not signed") from None
        if not lately:
            raise BadSignature("not lately")
        return Event(event=told.id, kind=told.type, thing=told.data.object.id)

    # ------------------------------------------------------------ asking

    async def _ask(self, call: Callable[[Any], Awaitable[Any]], read: Callable[[dict[str, Any]], T]) -> T:
        sdk = await self._ready()
        try:
            async with asyncio.timeout(CALL_S):
                answer = await call(self._client.v1)
            return read(answer.to_dict())
        except (sdk.CardError, sdk.InvalidRequestError) as error:
            declined, missing = isinstance(error, sdk.CardError), error.code == "resource_missing"
            raise ProcessorRefused(str(error.code or "refused"), declined=declined, missing=missing) from None
        except sdk.StripeError as error:
            kind, status, request = type(error).__name__, error.http_status, error.request_id
            _log.warning("processor_down", error=kind, status=status, request=request)
        except (TimeoutError, OSError) as error:
            _log.warning("processor_down", error=type(error).__name__)
        except (msgspec.MsgspecError, AttributeError, KeyError, TypeError, ValueError) as error:
            _log.error("processor_answer_not_understood", error=type(error).__name__)
        raise ProcessorDown

    async def _ready(self) -> Any:
        """The SDK. It takes half a second to load: not on the loop, and not before somebody pays."""
        async with self._opening:
            if self._client is None:
                self._sdk, self._http, self._client = await asyncio.to_thread(_load, self._settings)
        return self._sdk


def _load(settings: Settings) -> tuple[Any, Any, Any]:
    """The SDK, what it talks through, and its client."""
    sdk: Any = importlib.import_module("stripe")
    sdk.enable_telemetry = False
    http = sdk.HTTPXClient(timeout=ONE_TRY_S)
    client = sdk.StripeClient(
        settings.key, base_addresses={"api": settings.api}, http_client=http, max_network_retries=RETRIES
    )
    for name in (*_ANSWERS, "WebhookSignature"):  # each is loaded when it is named first
        getattr(sdk, name)
    sdk.checkout.Session, client.v1.checkout.sessions, client.v1.payment_intents  # noqa: B018
    return sdk, http, client


def _signed_at(signature: str) -> int:
    """The one time (s) that a signature names. Raises ValueError."""
    times = [part.split("=")[1] for part in signature.split(",") if part.strip().startswith("t=")]
    if len(times) != 1:  # of two, one would be checked here and the other by the library
        raise ValueError
    return int(times[0])
