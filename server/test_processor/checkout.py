"""Checkout sessions: what the hosted page shows, and what the merchant reads of it afterwards."""

from typing import Any, Final

from server.test_processor.cards import NOT_APPROVED, Decline
from server.test_processor.errors import bad
from server.test_processor.events import News
from server.test_processor.payments import Payments
from server.test_processor.state import Object, State

PLACEHOLDER: Final = "{CHECKOUT_SESSION_ID}"


class Checkout:
    """All of it happens inside the caller's `State.change`."""

    def __init__(self, state: State, news: News, payments: Payments) -> None:
        self._state = state
        self._news = news
        self._payments = payments

    def open(self, base: str, lines: list[Object], intent_data: Object, expires_at: int, **given: Any) -> Object:
        """A session with these `lines` ({name, unit_amount, currency, quantity}), payable at `base` until it ends."""
        total = sum(line["unit_amount"] * line["quantity"] for line in lines)
        session = self._state.make(
            "checkout.session", amount_subtotal=total, amount_total=total, currency=lines[0]["currency"],
            customer_details=None, expires_at=expires_at, mode="payment", payment_intent=None, payment_status="unpaid",
            payment_method_types=["card", "sepa_debit"], status="open", ui_mode="hosted", _lines=lines,
            _intent=intent_data, _asking=False, **given,
        )  # fmt: skip
        session["url"] = f"{base}/pay/{session['id']}"
        self._state.later((expires_at - self._state.now_s()) * 1000, "expire", session["id"])
        return self._state.put(session)

    def pay(self, session: Object, method: Object) -> Decline | None:
        """Try to pay with a means, its holder being there. Returns why it was refused, if it was."""
        self._check_open(session)
        intent = self._intent(session)
        refused = self._payments.confirm(intent, method, "here")
        return self._went(session, intent, refused)

    def answer(self, session: Object, *, approved: bool) -> Decline | None:
        """What the holder said when they were asked to approve."""
        self._check_open(session)
        intent = self._intent(session)
        if intent["status"] != "requires_action":
            raise bad("Nobody was asked to approve this payment.")
        if not approved:
            return self._went(session, intent, self._payments.refuse(intent, NOT_APPROVED))
        method = self._state.get("payment_method", intent["payment_method"])
        return self._went(session, intent, self._payments.confirm(intent, method, "approved"))

    def expire(self, session: Object) -> Object:
        """Nobody can pay any more. Raises ApiError when somebody has."""
        self._check_open(session)
        session.update(status="expired", url=None, _asking=False)
        if session["payment_intent"]:
            self._payments.cancel(self._intent(session))
        self._news.tell("checkout.session.expired", self._state.put(session))
        return session

    def settled(self, intent: Object, *, paid: bool) -> None:
        """A delayed payment has come to its end."""
        for session in self._state.listed("checkout.session", 1, payment_intent=intent["id"]):
            session["payment_status"] = "paid" if paid else "unpaid"
            end = "succeeded" if paid else "failed"
            self._news.tell(f"checkout.session.async_payment_{end}", self._state.put(session))

    def _went(self, session: Object, intent: Object, refused: Decline | None) -> Decline | None:
        session["_asking"] = intent["status"] == "requires_action"
        if intent["status"] in ("succeeded", "processing"):
            paid = intent["status"] == "succeeded"
            session.update(status="complete", payment_status="paid" if paid else "unpaid", url=None)
            session["customer_details"] = {"email": session["customer_email"], "name": None}
            self._news.tell("checkout.session.completed", session)
        self._state.put(session)
        return refused

    def _intent(self, session: Object) -> Object:
        """The payment of the session, made when somebody first tries to pay."""
        if session["payment_intent"]:
            return self._state.get("payment_intent", session["payment_intent"])
        intent = self._payments.intent(
            session["amount_total"], session["currency"], session["customer"], **session["_intent"]
        )
        session["payment_intent"] = intent["id"]
        return intent

    def _check_open(self, session: Object) -> None:
        if session["status"] != "open":
            raise bad(f"This session is {session['status']}.", "resource_invalid_state")


def success_url(session: Object) -> str:
    """Where somebody goes who has paid."""
    url: str = session["success_url"]
    return url.replace(PLACEHOLDER, session["id"])
