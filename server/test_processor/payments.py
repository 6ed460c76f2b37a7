"""What becomes of money: payments confirmed, refused, settled later, refunded and disputed."""

from typing import Any, Final, Literal

from server.test_processor.cards import BY_NAME, NEEDS_HOLDER, NOT_APPROVED, Decline, Instrument
from server.test_processor.errors import ApiError, bad
from server.test_processor.events import News
from server.test_processor.settings import Settings
from server.test_processor.state import Object, State, shown

Holder = Literal["here", "approved", "away"]
OPEN: Final = ("requires_payment_method", "requires_confirmation", "requires_action")
DISPUTE_DAYS: Final = 7


class Payments:
    """All of it happens inside the caller's `State.change`."""

    def __init__(self, state: State, news: News, settings: Settings) -> None:
        self._state = state
        self._news = news
        self._later_ms = settings.later_ms

    def method(self, means: Instrument, exp_month: int = 0, exp_year: int = 0, name: str = "") -> Object:
        """A payment method of a test card or account, which is nobody's yet."""
        billing = {"name": name or None, "email": None, "phone": None, "address": None}
        common: dict[str, Any] = {"billing_details": billing, "customer": None, "metadata": {}, "type": means.kind}
        if means.kind == "card":
            common["card"] = {
                "brand": means.brand, "last4": means.last4, "exp_month": exp_month, "exp_year": exp_year,
                "country": "US", "funding": "credit", "fingerprint": f"test{means.name}", "networks": None,
            }  # fmt: skip
        else:
            common[means.kind] = {"last4": means.last4, "country": means.number[:2], "fingerprint": f"test{means.name}"}
        return self._state.make("payment_method", **common, _means=means.name, _approved=False)

    def intent(self, amount: int, currency: str, customer: str | None, **more: Any) -> Object:
        """A payment that waits for its means."""
        intent = self._state.make(
            "payment_intent", amount=amount, amount_capturable=0, amount_received=0, currency=currency,
            customer=customer, capture_method="automatic", confirmation_method="automatic", canceled_at=None,
            description=None, last_payment_error=None, latest_charge=None, metadata={}, next_action=None,
            payment_method=None, payment_method_types=["card"], receipt_email=None, setup_future_usage=None,
            status="requires_payment_method",
        )  # fmt: skip
        secret = f"{intent['id']}_secret_{intent['id'][-12:]}"
        return self._state.put({**intent, **more, "client_secret": secret})

    def confirm(self, intent: Object, method: Object, holder: Holder) -> Decline | None:
        """Try to pay. `holder` says whether somebody is there to approve, has approved, or is away.

        Afterwards the intent has succeeded, is processing, requires action or, with the reason returned, another means.
        """
        means = BY_NAME[method["_means"]]
        intent["payment_method"], intent["next_action"] = method["id"], None
        asks = means.challenge == "always" or (means.challenge == "once" and not method["_approved"])
        if asks and holder == "away":
            return self.refuse(intent, NEEDS_HOLDER)
        if asks and holder == "here":
            self._ask(intent)
            return None
        if holder == "approved":
            self._state.put({**method, "_approved": True})
        if means.delayed:
            self._begin(intent)
            return None
        if means.declined:
            return self.refuse(intent, means.declined)
        self._succeed(intent, means)
        return None

    def refuse(self, intent: Object, why: Decline = NOT_APPROVED) -> Decline:
        """This means does not pay; another may."""
        method = self._state.find(intent["payment_method"] or "")
        error = {"type": "card_error", "code": why.code, "decline_code": why.decline_code or None,
                 "message": why.message, "payment_method": shown(method) if method else None}  # fmt: skip
        charge = self._charge(intent, "failed", failure_code=why.code, failure_message=why.message)
        intent.update(
            status="requires_payment_method", last_payment_error=error, next_action=None, payment_method=None,
            latest_charge=charge["id"],
        )  # fmt: skip
        self._news.tell("payment_intent.payment_failed", self._state.put(intent))
        return why

    def settle(self, intent: Object) -> bool:
        """The end of a delayed payment. Returns whether it was paid."""
        means = BY_NAME[self._state.get("payment_method", intent["payment_method"])["_means"]]
        if means.declined:
            self.refuse(intent, means.declined)
            return False
        self._succeed(intent, means)
        return True

    def cancel(self, intent: Object) -> Object:
        if intent["status"] not in OPEN:
            raise bad(f"This payment is {intent['status']} and can't be canceled.", "payment_intent_unexpected_state")
        intent.update(status="canceled", canceled_at=self._state.now_s(), next_action=None)
        self._news.tell("payment_intent.canceled", self._state.put(intent))
        return intent

    def refund(self, charge: Object, amount: int | None, reason: str | None, metadata: dict[str, str]) -> Object:
        """Give back `amount` of a charge, by default all that is left. Raises ApiError for more than that."""
        left = charge["amount"] - charge["amount_refunded"]
        self._check_refundable(charge, amount, left)
        means = BY_NAME[charge["_means"]]
        refund = self._state.make(
            "refund", amount=amount or left, charge=charge["id"], payment_intent=charge["payment_intent"],
            currency=charge["currency"], metadata=metadata, reason=reason, balance_transaction=None,
            status="pending" if means.refund == "late" else "succeeded",
        )  # fmt: skip
        self._refunded(charge, refund["amount"])
        if means.refund:
            self._state.later(self._later_ms, "refund", refund["id"])
        self._news.tell("refund.created", refund)
        self._news.tell("charge.refunded", charge)
        return refund

    def finish_refund(self, refund: Object) -> None:
        """What becomes of a refund that takes its time."""
        charge = self._state.get("charge", refund["charge"])
        fails = BY_NAME[charge["_means"]].refund == "fails"
        refund["status"] = "failed" if fails else "succeeded"
        if fails:
            refund["failure_reason"] = "expired_or_canceled_card"
            self._refunded(charge, -refund["amount"])
        self._news.tell("refund.updated", self._state.put(refund))
        if fails:
            self._news.tell("refund.failed", refund)

    def dispute(self, charge: Object, reason: str) -> Object:
        """The holder wants the money back, and has it until somebody decides."""
        if charge["disputed"] or not charge["paid"]:
            raise bad("This charge can't be disputed.", "charge_disputed")
        dispute = self._state.make(
            "dispute", amount=charge["amount"], charge=charge["id"], payment_intent=charge["payment_intent"],
            currency=charge["currency"], reason=reason, status="needs_response", is_charge_refundable=False,
            balance_transactions=[], metadata={}, evidence={"uncategorized_text": None},
            evidence_details={"due_by": self._state.now_s() + DISPUTE_DAYS * 86_400, "has_evidence": False,
                              "past_due": False, "submission_count": 0},
        )  # fmt: skip
        self._state.put({**charge, "disputed": True})
        self._news.tell("charge.dispute.created", dispute)
        self._news.tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close_dispute(self, dispute: Object, *, won: bool) -> Object:
        """Somebody has decided: the merchant has `won`, or the holder keeps the money."""
        if dispute["status"] in ("won", "lost"):
            raise bad(f"This dispute is already {dispute['status']}.")
        dispute["status"] = "won" if won else "lost"
        self._news.tell("charge.dispute.closed", self._state.put(dispute))
        if won:
            self._news.tell("charge.dispute.funds_reinstated", dispute)
        return dispute

    def _ask(self, intent: Object) -> None:
        intent.update(status="requires_action", next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {}})
        self._news.tell("payment_intent.requires_action", self._state.put(intent))

    def _begin(self, intent: Object) -> None:
        intent["status"] = "processing"
        self._state.later(self._later_ms, "settle", intent["id"])
        self._news.tell("payment_intent.processing", self._state.put(intent))

    def _succeed(self, intent: Object, means: Instrument) -> None:
        charge = self._charge(intent, "succeeded")
        intent.update(
            status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"], last_payment_error=None
        )
        if intent["setup_future_usage"] and intent["customer"]:
            self.attach(self._state.get("payment_method", intent["payment_method"]), intent["customer"])
        self._news.tell("payment_intent.succeeded", self._state.put(intent))
        if means.disputed:
            self._state.later(self._later_ms, "dispute", charge["id"])

    def attach(self, method: Object, customer: str) -> Object:
        """The means is this customer's from now on."""
        attached = self._state.put({**method, "customer": customer})
        self._news.tell("payment_method.attached", attached)
        return attached

    def _charge(self, intent: Object, status: str, **failure: str) -> Object:
        method = self._state.get("payment_method", intent["payment_method"])
        charge = self._state.make(
            "charge", amount=intent["amount"], amount_captured=intent["amount"] * (status == "succeeded"),
            amount_refunded=0, billing_details=method["billing_details"], captured=status == "succeeded",
            currency=intent["currency"], customer=intent["customer"], description=intent["description"], disputed=False,
            failure_code=failure.get("failure_code"), failure_message=failure.get("failure_message"),
            metadata=intent["metadata"], paid=status == "succeeded", payment_intent=intent["id"],
            payment_method=method["id"], receipt_url=None, refunded=False, status=status,
            payment_method_details={"type": method["type"], method["type"]: method[method["type"]]},
            _means=method["_means"],
        )  # fmt: skip
        self._news.tell(f"charge.{status}", charge)
        return charge

    def _refunded(self, charge: Object, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._state.put(charge)

    def _check_refundable(self, charge: Object, amount: int | None, left: int) -> None:
        if charge["disputed"]:
            raise bad("This charge is disputed and can't be refunded.", "charge_disputed")
        if not charge["paid"] or left == 0:
            raise bad("This charge has been refunded, or never was paid.", "charge_already_refunded")
        if amount is not None and amount > left:
            raise bad(f"The refund of {amount} is more than the {left} that are left.", param="amount")


def card_error(intent: Object, why: Decline) -> ApiError:
    """A payment that was refused, as the call that tried it is answered."""
    return ApiError(
        402, "card_error", why.message, code=why.code, decline_code=why.decline_code, charge=intent["latest_charge"],
        payment_intent=shown(intent), payment_method=intent["last_payment_error"]["payment_method"],
    )  # fmt: skip
