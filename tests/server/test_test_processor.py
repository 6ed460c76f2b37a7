"""The test processor as the real SDK, a browser without JavaScript and a webhook's receiver meet it."""

import asyncio
import contextlib
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ground.clock import SystemClock
from server.test_processor.running import child, keys_of
from server.test_processor.settings import LiveKeys, Settings
from tests import processor as tp
from tests.listening import listening
from tests.processor import Processor, pay, processor
from tests.repo.house import ROOT

MANY = ("*",)


class Receiver:
    """A webhook's receiver that looks at each signature with the SDK, and fails the first `refuses` times."""

    def __init__(self, refuses: int = 0) -> None:
        self.events: list[stripe.Event] = []
        self.refuses = refuses
        self.url = ""

    async def receive(self, request: Request) -> Response:
        body, signed = await request.body(), request.headers["stripe-signature"]
        event = stripe.Webhook.construct_event(body, signed, tp.SECRET)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", signed, tp.SECRET)
        if self.refuses:
            self.refuses -= 1
            return Response(status_code=500)
        self.events.append(event)
        return Response()

    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    async def until(self, *kinds: str, count: int = 1) -> list[stripe.Event]:
        """The events of these kinds, once there are `count` of each."""
        async with asyncio.timeout(20):
            while any(self.kinds().count(kind) < count for kind in kinds):
                await asyncio.sleep(0.02)
        return [event for event in self.events if event.type in kinds]


@contextlib.asynccontextmanager
async def receiving(refuses: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver(refuses)
    app = Starlette(routes=[Route("/hook", receiver.receive, methods=["POST"])])
    async with listening(uvicorn.Config(app, log_config=None, lifespan="off")) as port:
        receiver.url = f"http://127.0.0.1:{port}/hook"
        yield receiver


@contextlib.asynccontextmanager
async def house(refuses: int = 0, **more: Any) -> AsyncIterator[tuple[Processor, Any, Receiver]]:
    """The SDK's client comes without its types: what it is handed here is wrong on purpose, too."""
    async with receiving(refuses) as receiver, processor(receiver.url, **more) as found:
        yield found, found.client(), receiver


async def opened(client: Any, amount: object = 2500, key: str = "", **more: Any) -> Any:
    params = {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {"currency": "eur", "unit_amount": amount, "product_data": {"name": "Minutes"}},
                "quantity": 1,
            }
        ],
        "metadata": {"deposit": "d-1", "0": "zero"},
        "client_reference_id": "d-1",
        "success_url": "https://shop.example/paid?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/back",
        **more,
    }
    options = {"idempotency_key": key} if key else {}
    return await client.v1.checkout.sessions.create_async(params, options)


async def test_a_deposit_with_a_card_that_is_kept_is_told_paid_again_and_refunded() -> None:
    async with house() as (_found, client, receiver):
        customer = await client.v1.customers.create_async({"email": "uma@line.example", "metadata": {"user": "uma"}})
        session = await opened(
            client, customer=customer.id, payment_intent_data={"setup_future_usage": "off_session"}, key="d-1"
        )
        assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 2500)
        assert session.metadata.to_dict() == {"deposit": "d-1", "0": "zero"}
        paid = await pay(session.url)
        assert (paid.status, paid.to) == (303, f"https://shop.example/paid?s={session.id}")
        (event,) = await receiver.until("checkout.session.completed")
        assert event.data.object["id"] == session.id
        found = await client.v1.checkout.sessions.retrieve_async(
            session.id, {"expand": ["payment_intent.latest_charge"]}
        )
        assert (found.status, found.payment_status, found.payment_intent.status) == ("complete", "paid", "succeeded")
        assert found.payment_intent.latest_charge.payment_method_details.card.last4 == "4242"
        (card,) = (await client.v1.customers.payment_methods.list_async(customer.id)).data
        assert (card.card.brand, card.card.last4, card.card.exp_month, card.card.exp_year) == ("visa", "4242", 12, 2034)

        reload = await client.v1.payment_intents.create_async(
            {"amount": 1000, "currency": "eur", "customer": customer.id, "payment_method": card.id,
             "off_session": True, "confirm": True, "metadata": {"deposit": "d-2"}}
        )  # fmt: skip
        assert reload.status == "succeeded"
        await receiver.until("payment_intent.succeeded", count=2)
        refund = await client.v1.refunds.create_async({"payment_intent": found.payment_intent.id, "amount": 900})
        assert (refund.status, refund.amount) == ("succeeded", 900)
        with pytest.raises(stripe.InvalidRequestError, match="1600"):
            await client.v1.refunds.create_async({"payment_intent": found.payment_intent.id, "amount": 1601})
        await client.v1.refunds.create_async({"payment_intent": found.payment_intent.id})
        charge = await client.v1.charges.retrieve_async(found.payment_intent.latest_charge.id)
        assert charge.refunded and charge.amount_refunded == 2500

        assert (await client.v1.payment_methods.detach_async(card.id)).customer is None
        assert not (await client.v1.payment_methods.list_async({"customer": customer.id})).data
        await client.v1.customers.delete_async(customer.id)
        assert (await client.v1.customers.retrieve_async(customer.id)).deleted
        for again in (client.v1.customers.delete_async(customer.id), opened(client, customer=customer.id)):
            with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
                await again
        gone = await pay(session.url)
        assert gone.to == "" and "This is paid." in gone.text
        assert len((await client.v1.events.list_async({"limit": 3})).data) == 3
        listed = [event.type async for event in (await client.v1.events.list_async({"limit": 3})).auto_paging_iter()]
        assert listed[-1] == "charge.succeeded" and {"payment_method.detached", "customer.deleted"} <= set(listed)
        assert set(receiver.kinds()) == {"checkout.session.completed", "payment_intent.succeeded"}


REFUSED = [
    (tp.DECLINED, "Your card was declined.", "generic_decline"),
    (tp.NO_FUNDS, "insufficient funds", "insufficient_funds"),
    ("4000008260003178", "insufficient funds", "insufficient_funds"),
]


@pytest.mark.parametrize(("number", "said", "decline_code"), REFUSED)
async def test_a_declined_card_leaves_the_session_open_for_another(number: str, said: str, decline_code: str) -> None:
    async with house() as (_found, client, receiver):
        session = await opened(client)
        refused = await pay(session.url, number)
        assert refused.status == 402 and said in refused.text
        (event,) = await receiver.until("payment_intent.payment_failed")
        assert event.data.object["last_payment_error"]["decline_code"] == decline_code
        assert (await client.v1.checkout.sessions.retrieve_async(session.id)).status == "open"
        assert (await pay(session.url)).status == 303
        await receiver.until("checkout.session.completed")


async def test_approval_is_asked_and_a_card_that_always_asks_does_not_pay_alone() -> None:
    async with house() as (_found, client, receiver):
        customer = await client.v1.customers.create_async({})
        keep: dict[str, Any] = {
            "customer": customer.id,
            "payment_intent_data": {"setup_future_usage": "off_session"},
        }
        session = await opened(client, **keep)
        denied = await pay(session.url, tp.ASKS_ALWAYS, choice="deny")
        assert denied.status == 402 and "not approved" in denied.text
        assert (await pay(session.url, tp.ASKS_ALWAYS)).to.startswith("https://shop.example/paid")
        await receiver.until("checkout.session.completed")
        assert (await pay((await opened(client, **keep)).url, tp.ASKS_ONCE)).status == 303
        once, always = (await client.v1.payment_methods.list_async({"customer": customer.id, "type": "card"})).data
        alone: dict[str, Any] = {
            "amount": 700, "currency": "eur", "customer": customer.id, "off_session": True, "confirm": True
        }  # fmt: skip
        done = await client.v1.payment_intents.create_async({**alone, "payment_method": once.id})
        assert done.status == "succeeded"
        for _ in range(2):  # the same key is answered the same
            with pytest.raises(stripe.CardError) as refused:
                await client.v1.payment_intents.create_async(
                    {**alone, "payment_method": always.id}, {"idempotency_key": "reload-1"}
                )
            assert refused.value.code == "authentication_required"
            assert refused.value.error is not None
            assert refused.value.error.payment_intent.status == "requires_payment_method"
        assert len((await client.v1.payment_intents.list_async({"customer": customer.id})).data) == 4


async def test_delayed_payments_and_refunds_disputes_and_ends() -> None:
    async with house(later_ms=200) as (_found, client, receiver):
        for count, number, end in ((1, tp.DEBIT, "succeeded"), (2, tp.DEBIT_FAILS, "failed")):
            session = await opened(client)
            assert (await pay(session.url, number, expiry="", cvc="")).status == 303
            told = [one.data.object for one in await receiver.until("checkout.session.completed", count=count)]
            assert [one["payment_status"] for one in told if one["id"] == session.id] == ["unpaid"]
            (event,) = await receiver.until(f"checkout.session.async_payment_{end}")
            assert event.data.object["payment_status"] == ("paid" if end == "succeeded" else "unpaid")

        session = await opened(client)
        await pay(session.url, tp.REFUND_FAILS)
        intent = (await client.v1.checkout.sessions.retrieve_async(session.id)).payment_intent
        refund = await client.v1.refunds.create_async({"payment_intent": intent})
        assert refund.status == "succeeded"
        (event,) = await receiver.until("refund.failed")
        assert (await client.v1.refunds.retrieve_async(refund.id)).status == "failed"
        assert (await client.v1.refunds.create_async({"payment_intent": intent, "amount": 1})).status == "succeeded"

        await pay((await opened(client)).url, tp.DISPUTED)
        (event,) = await receiver.until("charge.dispute.created")
        dispute = event.data.object
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await client.v1.refunds.create_async({"charge": dispute["charge"]})
        assert refused.value.code == "charge_disputed"
        won = await client.v1.disputes.update_async(
            dispute["id"], {"evidence": {"uncategorized_text": "winning_evidence"}}
        )
        assert won.status == "won"
        await receiver.until("charge.dispute.closed")

        session = await opened(client)
        assert (await client.v1.checkout.sessions.expire_async(session.id)).status == "expired"
        await receiver.until("checkout.session.expired")
        assert "no longer possible" in (await pay(session.url)).text
        with pytest.raises(stripe.InvalidRequestError):
            await client.v1.checkout.sessions.expire_async(session.id)


async def test_a_key_is_answered_once_and_refused_for_anything_else() -> None:
    async with house() as (found, client, _receiver):
        first, second = await opened(client, key="one"), await opened(client, key="one")
        assert first.id == second.id
        assert second.last_response is None or second.last_response.headers["idempotent-replayed"] == "true"
        with pytest.raises(stripe.IdempotencyError):
            await opened(client, 2600, key="one")
        with pytest.raises(stripe.InvalidRequestError) as unknown:
            await opened(client, key="two", colour="red")
        assert unknown.value.param == "colour" and unknown.value.request_id
        assert (await opened(client, key="two")).id != first.id, "what was not understood has used no key up"
        for amount, code in ((49, "amount_too_small"), ("12.5", "parameter_invalid_integer"), (-1, "amount_too_small")):
            with pytest.raises(stripe.InvalidRequestError) as bad:
                await opened(client, amount)
            assert bad.value.code == code
        with pytest.raises(stripe.InvalidRequestError, match="No such"):
            await client.v1.payment_intents.retrieve_async(first.id)
        stranger = found.client("sk_test_of_others")
        with pytest.raises(stripe.AuthenticationError):
            await stranger.v1.customers.create_async({})
        rich = found.client("sk_live_1")
        with pytest.raises(stripe.AuthenticationError, match="no real money"):
            await rich.v1.customers.create_async({})


async def test_events_come_again_until_they_are_taken_and_as_often_and_mixed_as_asked() -> None:
    async with house(refuses=3, copies=3, shuffle=7, events=MANY, spread_ms=100) as (found, client, receiver):
        for _ in range(2):
            await pay((await opened(client)).url)
        completed = await receiver.until("checkout.session.completed", "payment_intent.succeeded", count=6)
        assert receiver.refuses == 0
        assert len({event.id for event in completed}) == 4
        order = [event.id for event in receiver.events]
        seen = list(dict.fromkeys(order))
        made = [event.id async for event in (await client.v1.events.list_async()).auto_paging_iter()][::-1]
        assert seen != [one for one in made if one in seen], "seed 7"
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {found.key}"}) as http:
            answer = await http.post(f"{found.api}/v1/test_helpers/events/{made[0]}/deliver", data={"copies": "2"})
            assert answer.status_code == 200
        count = order.count(made[0])
        async with asyncio.timeout(20):
            while [event.id for event in receiver.events].count(made[0]) < count + 2:
                await asyncio.sleep(0.02)


WRONG: list[tuple[dict[str, str], str]] = [
    ({"number": "4000056655665556"}, "Never type a real card here"),
    ({"number": ""}, "Type a test number"),
    ({"expiry": "13/30"}, "such as 12/34"),
    ({"expiry": "01/20"}, "This date is over"),
    ({"cvc": "12a"}, "any 3 digits"),
]


async def test_the_page_says_what_is_wrong_and_takes_forms_of_its_own_only() -> None:
    async with house() as (found, client, _receiver):
        session = await opened(client, success_url="https://shop.example:444/paid")
        for typed, said in WRONG:
            answer = await pay(session.url, **{"number": tp.PAYS, **typed})
            assert answer.status == 422 and said in answer.text and 'aria-invalid="true"' in answer.text
            assert typed.get("number", "-") not in answer.text.partition("<datalist")[0] or not typed.get("number")
        async with httpx.AsyncClient() as http:
            page = await http.get(session.url)
            assert "<script" not in page.text and "Test processor: no real money" in page.text
            assert (
                "form-action 'self' https://shop.example https://shop.example:444"
                in (page.headers["content-security-policy"])
            )
            form = {"number": tp.PAYS, "expiry": "12/34", "cvc": "123"}
            token = re.search(tp.TOKEN, page.text)
            assert token is not None
            assert (await http.post(session.url, data=form)).status_code == 403
            sent = {**form, "token": token[1]}
            elsewhere = {"origin": "https://evil.example"}
            assert (await http.post(session.url, data=sent, headers=elsewhere)).status_code == 403
            http.cookies.clear()
            assert (await http.post(session.url, data=sent)).status_code == 403
            assert (await http.get(f"{found.api}/pay/cs_test_nothing")).status_code == 404
            assert (await http.get(session.url, headers={"host": "evil.example"})).status_code == 421
        assert (await client.v1.checkout.sessions.retrieve_async(session.id)).status == "open"


async def test_a_restart_keeps_what_was_paid_and_no_number_is_kept(tmp_path: Path) -> None:
    state = tp.state_file(tmp_path)
    async with processor(state=state) as found:
        session = await opened(found.client())
        await pay(session.url)
        await pay((await opened(found.client())).url, "4000056655665556")
    async with processor(state=state) as found:
        again = await found.client().v1.checkout.sessions.retrieve_async(session.id)
        assert again.payment_status == "paid"
        assert (await found.client().v1.refunds.create_async({"payment_intent": again.payment_intent})).amount == 2500
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert session.id.encode() in kept
    assert b"4242424242424242" not in kept and b"4242 4242" not in kept and b"4000056655665556" not in kept


def refused_by_command(environ: dict[str, str]) -> str:
    words = [sys.executable, "-c", "from server.cli import main; main()", "test-processor", "--port", "0"]
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    return done.stderr


def test_live_keys_keep_it_shut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = refused_by_command({"OPENLINE_STRIPE_KEY": "sk_live_abc", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)})
    assert "live key" in said and "sk_live_abc" not in said
    monkeypatch.setenv("OPENLINE_STRIPE_KEY", "rk_live_abc")
    with pytest.raises(LiveKeys), child(Settings(key=tp.KEY, secret=tp.SECRET)):
        pass


def test_a_process_of_its_own_ends_with_the_block(tmp_path: Path) -> None:
    keys = keys_of(tmp_path)
    assert keys == keys_of(tmp_path), "made once"
    with child(Settings(key=keys.key, secret=keys.secret, state=tp.state_file(tmp_path))) as url:
        assert "no real money" in httpx.get(url, timeout=20).text
        port = int(url.rpartition(":")[2])
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_a_session_ends_by_itself() -> None:
    """The list of what is due is worked off by the clock that is handed in."""
    from ground.clock import SetClock
    from server.test_processor.checkout import Checkout
    from server.test_processor.events import News
    from server.test_processor.payments import Payments
    from server.test_processor.state import State
    from server.test_processor.worker import Worker

    clock = SetClock(SystemClock().now_ms())
    settings = Settings(key=tp.KEY, secret=tp.SECRET)
    state = State(":memory:", clock)
    news = News(state, settings)
    payments = Payments(state, news, settings)
    checkout = Checkout(state, news, payments)
    worker = Worker(state, payments, checkout, settings)
    line = {"name": "Minutes", "unit_amount": 500, "currency": "eur", "quantity": 2}
    with state.change():
        session = checkout.open("http://x", [line], {}, state.now_s() + 1800, customer=None, success_url="http://y")
    step: Callable[[], bool] = worker.step
    clock.advance(1_799_000)
    assert not step()
    clock.advance(2_000)
    assert step()
    assert state.get("checkout.session", session["id"])["status"] == "expired"
    assert not step()
