"""The interface's calls: parameters in, an object out. What each may do is in `payments.py` and `checkout.py`."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from server.test_processor.checkout import Checkout
from server.test_processor.errors import bad, missing
from server.test_processor.events import News
from server.test_processor.params import Params
from server.test_processor.payments import Payments, card_error
from server.test_processor.state import Object, State, shown

SESSION_S: Final = 24 * 3600
SESSION_LEAST_S: Final = 30 * 60
PAGES: Final = ("limit", "starting_after", "ending_before")


class Call(NamedTuple):
    """One call: its parameters, the id in its path ("" for none), and the address it came by."""

    params: Params
    id: str
    base: str


Handler = Callable[[Call], Object]


class Calls:
    """One method a call; `server/test_processor/api.py` lists them with their paths."""

    def __init__(self, state: State, news: News, payments: Payments, checkout: Checkout) -> None:
        self._state = state
        self._news = news
        self._payments = payments
        self._checkout = checkout

    def getter(self, kind: str) -> Handler:
        """Reads one object of a kind."""

        def get(call: Call) -> Object:
            call.params.only()
            return self._state.get(kind, call.id)

        return get

    def lister(self, kind: str, url: str, *filters: str) -> Handler:
        """Reads objects of a kind by pages, newest first."""

        def listed(call: Call) -> Object:
            asked = call.params.only(*PAGES, *filters)
            limit = asked.whole("limit", 1, 100) or 10
            where = {name: value for name in filters if (value := asked.text(name))}
            edges = asked.text("starting_after") or "", asked.text("ending_before") or ""
            found = self._state.listed(kind, limit, *edges, **where)
            shown_ones = [shown(one) for one in found[:limit]]
            return {"object": "list", "url": url, "has_more": len(found) > limit, "data": shown_ones}

        return listed

    def make_customer(self, call: Call) -> Object:
        asked = call.params.only("email", "name", "description", "metadata", "phone", "preferred_locales")
        names = ("email", "name", "description", "phone")
        return self._state.make(
            "customer", **{name: asked.text(name, 512) for name in names}, metadata=asked.metadata(),
            balance=0, currency=None, delinquent=False, default_source=None,
            invoice_settings={"default_payment_method": None},
        )  # fmt: skip

    def forget_customer(self, call: Call) -> Object:
        """Delete a customer; their cards are nobody's any more."""
        self._state.get("customer", call.id)
        call.params.only()
        for method in self._state.listed("payment_method", 100, customer=call.id):
            self._state.put({**method, "customer": None})
        return self._state.put({"id": call.id, "object": "customer", "deleted": True})

    def get_customer(self, call: Call) -> Object:
        """Of one that was deleted only that it was."""
        call.params.only()
        found = self._state.get("customer", call.id)
        return {name: found[name] for name in ("id", "object", "deleted")} if found.get("deleted") else found

    def delete_customer(self, call: Call) -> Object:
        """The customer with what they kept."""
        found = self._there(call.id)
        for method in self._state.listed("payment_method", 100, customer=call.id):
            self._state.put({**method, "customer": None})
        self._state.put({"id": found["id"], "object": "customer", "deleted": True})
        self._news.tell("customer.deleted", found)
        return {"id": found["id"], "object": "customer", "deleted": True}

    def _there(self, customer: str) -> Object:
        """A customer who was not deleted."""
        found = self._state.get("customer", customer)
        if found.get("deleted"):
            raise missing("customer", customer)
        return found

    def methods_of(self, call: Call) -> Object:
        """The payment methods of the customer in the path."""
        self._there(call.id)
        asked = call.params.only(*PAGES, "type", "allow_redisplay")
        limit = asked.whole("limit", 1, 100) or 10
        kind = {"type": value} if (value := asked.text("type")) else {}
        found = self._state.listed(
            "payment_method", limit, asked.text("starting_after") or "", customer=call.id, **kind
        )
        data = [shown(one) for one in found[:limit]]
        return {
            "object": "list", "url": f"/v1/customers/{call.id}/payment_methods", "has_more": len(found) > limit,
            "data": data,
        }  # fmt: skip

    def detach(self, call: Call) -> Object:
        method = self._state.get("payment_method", call.id)
        call.params.only()
        if not method["customer"]:
            raise bad("The payment method is not attached to a customer.")
        self._state.put({**method, "customer": None})
        self._news.tell("payment_method.detached", {**method, "customer": None})
        return {**method, "customer": None}

    def open_session(self, call: Call) -> Object:
        asked = call.params.only(
            "mode", "line_items", "metadata", "client_reference_id", "success_url", "cancel_url", "customer",
            "customer_email", "payment_intent_data", "expires_at", "locale", "submit_type", "payment_method_types",
            "customer_creation", "billing_address_collection", "ui_mode",
        )  # fmt: skip
        if asked.needed("mode") != "payment":
            raise bad("The test processor knows the mode payment only.", param="mode")
        lines = [_line(one) for one in asked.each("line_items")]
        if len({line["currency"] for line in lines}) > 1:
            raise bad("All line items must have the same currency.", param="line_items")
        now = self._state.now_s()
        expires_at = asked.whole("expires_at", now + SESSION_LEAST_S - 60, now + SESSION_S + 60) or now + SESSION_S
        asked.needed("success_url")
        return self._checkout.open(
            call.base, lines, self._intent_data(asked.below("payment_intent_data")), expires_at,
            metadata=asked.metadata(), client_reference_id=asked.text("client_reference_id", 200),
            success_url=asked.url("success_url"), cancel_url=asked.url("cancel_url"), customer=self._customer(asked),
            customer_email=asked.text("customer_email", 512), locale=asked.text("locale", 20),
        )  # fmt: skip

    def expire_session(self, call: Call) -> Object:
        call.params.only()
        return self._checkout.expire(self._state.get("checkout.session", call.id))

    def make_intent(self, call: Call) -> Object:
        asked = call.params.only(
            "amount", "currency", "customer", "payment_method", "off_session", "confirm", "metadata", "description",
            "setup_future_usage", "payment_method_types", "automatic_payment_methods", "receipt_email",
            "error_on_requires_action", "statement_descriptor", "statement_descriptor_suffix",
        )  # fmt: skip
        intent = self._payments.intent(
            asked.amount("amount"), asked.currency(), self._customer(asked), **self._intent_fields(asked)
        )
        if not asked.flag("confirm"):
            return intent
        return self._confirmed(intent, asked, off_session=asked.flag("off_session"))

    def confirm_intent(self, call: Call) -> Object:
        asked = call.params.only("payment_method", "off_session", "error_on_requires_action")
        intent = self._state.get("payment_intent", call.id)
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            raise bad(f"This payment is {intent['status']}.", "payment_intent_unexpected_state")
        return self._confirmed(intent, asked, off_session=asked.flag("off_session"))

    def cancel_intent(self, call: Call) -> Object:
        call.params.only("cancellation_reason")
        return self._payments.cancel(self._state.get("payment_intent", call.id))

    def refund(self, call: Call) -> Object:
        asked = call.params.only("charge", "payment_intent", "amount", "reason", "metadata")
        reason = asked.choice("reason", "duplicate", "fraudulent", "requested_by_customer")
        amount = asked.amount("amount", 1) if asked.text("amount") else None
        return self._payments.refund(self._charge(asked), amount, reason, asked.metadata())

    def answer_dispute(self, call: Call) -> Object:
        """Evidence decides at once: the text winning_evidence wins, losing_evidence loses, as published."""
        asked = call.params.only("evidence", "submit", "metadata")
        said = asked.below("evidence").text("uncategorized_text", 20_000)
        dispute = self._state.get("dispute", call.id)
        dispute["evidence"] = {"uncategorized_text": said}
        if said in ("winning_evidence", "losing_evidence"):
            return self._payments.close_dispute(dispute, won=said == "winning_evidence")
        return self._state.put({**dispute, "status": "under_review"})

    def close_dispute(self, call: Call) -> Object:
        call.params.only()
        return self._payments.close_dispute(self._state.get("dispute", call.id), won=False)

    def dispute(self, call: Call) -> Object:
        """Not of the real interface: a holder disputes a charge now."""
        asked = call.params.only("charge", "payment_intent", "reason")
        return self._payments.dispute(self._charge(asked), asked.text("reason", 40) or "fraudulent")

    def deliver(self, call: Call) -> Object:
        """Not of the real interface: deliver an event again, `copies` times."""
        event = self._state.get("event", call.id)
        self._news.deliver(event["id"], call.params.only("copies").whole("copies", 1, 20) or 1)
        return event

    def _confirmed(self, intent: Object, asked: Params, *, off_session: bool) -> Object:
        method = self._state.get("payment_method", asked.needed("payment_method"))
        if not intent["customer"] or method["customer"] != intent["customer"]:
            raise bad("The payment method is not this customer's.", param="payment_method")
        refused = self._payments.confirm(intent, method, "away" if off_session else "here")
        if refused:
            raise card_error(intent, refused)
        return intent

    def _charge(self, asked: Params) -> Object:
        """The charge that was named, or that paid the payment that was named."""
        if charge := asked.text("charge"):
            return self._state.get("charge", charge)
        intent = self._state.get("payment_intent", asked.needed("payment_intent"))
        if not intent["latest_charge"]:
            raise bad("This payment has no successful charge to refund.", "charge_not_refundable", "payment_intent")
        return self._state.get("charge", intent["latest_charge"])

    def _customer(self, asked: Params) -> str | None:
        customer = asked.text("customer")
        return self._there(customer)["id"] if customer else None

    def _intent_data(self, asked: Params) -> Object:
        asked.only("setup_future_usage", "metadata", "description", "receipt_email", "statement_descriptor",
                   "statement_descriptor_suffix", "capture_method")  # fmt: skip
        return self._intent_fields(asked)

    def _intent_fields(self, asked: Params) -> dict[str, Any]:
        return {
            "setup_future_usage": asked.choice("setup_future_usage", "off_session", "on_session"),
            "metadata": asked.metadata(),
            "description": asked.text("description", 1000),
            "receipt_email": asked.text("receipt_email", 512),
        }


def _line(asked: Params) -> Object:
    data = asked.only("price_data", "quantity").below("price_data").only(
        "currency", "unit_amount", "product_data", "tax_behavior"
    )  # fmt: skip
    product = data.below("product_data").only("name", "description", "metadata")
    return {
        "name": product.needed("name", 250),
        "description": product.text("description", 1000),
        "unit_amount": data.amount("unit_amount"),
        "currency": data.currency(),
        "quantity": asked.whole("quantity", 1, 999_999) or 1,
    }
