"""Every route of the server, and who may do what there: one row a route, so that a new one can't be forgotten."""

from typing import Any, Final

from msgspec import Struct

POOL: Final = "demo"
ELSEWHERE: Final = "away"
WORD: Final = "a-horse-of-paper-417"
V1: Final = "/v1/pools/{pool}"
MINE: Final = f"{V1}/experts/{{expert}}"


class Row(Struct, frozen=True, kw_only=True):
    """One method of one route.

    `kind`: "page" is everybody's and the same for all; "open" is for whoever comes; "own" is one's own account;
    "user" is for users, "signed" for whoever has signed the body, "profile" is for the expert and operators, "expert"
    for the expert alone, "operator" for operators alone, "payee" for whoever money is paid to or from: both.
    `status` is what who may gets. `body` is a good one; `given` are path parameters that name something.
    """

    kind: str
    status: int = 200
    body: dict[str, Any] | None = None
    given: dict[str, str] = {}
    query: dict[str, str] = {}
    foreign: bool = False
    """Whether pages of the other allowed origins may ask."""
    raw: bytes | None = None


STATEMENTS: Final = f"{V1}/statements/{{kind}}/{{owner}}"
FILE: Final = {"file": "d-nothing"}
EARNED: Final = {"kind": "earnings", "owner": "ada"}
HOURS: Final = {"hours": "mon-fri 09:00-17:00", "exceptions": "", "holidays": "", "timezone": "UTC"}
ROWS: Final[dict[tuple[str, str], Row]] = {
    # pages and what they are made of
    ("GET", "/p/{pool}"): Row(kind="page", query={"category": "x", "page": "0", "lang": "de"}),
    ("GET", "/p/{pool}/x/{expert}"): Row(kind="page", query={"before": "0", "lang": "de"}),
    ("GET", "/p/{pool}/photos/{digest}"): Row(kind="page", query={"size": "small"}),
    ("GET", "/p/{pool}/expert"): Row(kind="page"),
    ("GET", "/p/{pool}/expert/profile"): Row(kind="page"),
    ("GET", "/p/{pool}/operator"): Row(kind="page"),
    ("GET", "/p/{pool}/operator/people"): Row(kind="page"),
    ("GET", "/p/{pool}/account"): Row(kind="page"),
    ("GET", "/p/{pool}/expert/earnings"): Row(kind="page"),
    ("GET", "/p/{pool}/operator/money"): Row(kind="page"),
    ("GET", "/sign-in"): Row(kind="page"),
    ("GET", "/embed-demo"): Row(kind="page"),
    ("GET", "/{name}"): Row(kind="page", given={"name": "sign-in.js"}),
    ("GET", "/healthz"): Row(kind="page"),
    ("GET", "/readyz"): Row(kind="live"),
    ("GET", "/metrics"): Row(kind="live"),
    ("GET", f"{V1}/experts"): Row(kind="page"),
    ("GET", "/v1/holidays"): Row(kind="page"),
    ("GET", f"{V1}/sign-in-options"): Row(kind="page"),
    # coming and going
    ("GET", f"{V1}/oidc/start"): Row(kind="open", status=303, query={"role": "user"}),
    ("GET", "/v1/oidc/callback"): Row(kind="open", status=303, query={"state": "s", "code": "c", "iss": "i"}),
    ("POST", f"{V1}/sign-up"): Row(
        kind="open", status=202, body={"email": "new@line.example", "name": "New", "password": WORD, "language": "en"}
    ),
    ("POST", f"{V1}/sign-in-link"): Row(
        kind="open", status=202, body={"email": "any@line.example", "role": "user", "language": "en"}
    ),
    ("POST", f"{V1}/password-sign-in"): Row(
        kind="open", status=403, body={"email": "any@line.example", "password": WORD, "role": "user"}
    ),
    ("POST", "/v1/sign-in"): Row(kind="open", status=403, body={"token": "x" * 43}),
    ("POST", "/v1/sign-out"): Row(kind="open", body={"pool": POOL, "role": "user"}),
    ("POST", f"{V1}/visitor"): Row(kind="open", foreign=True, body={}),
    ("OPTIONS", f"{V1}/visitor"): Row(kind="open", status=204),
    ("POST", f"{V1}/adopt"): Row(kind="open", status=401, foreign=True, body={"pass": "p", "token": "t"}),
    ("OPTIONS", f"{V1}/adopt"): Row(kind="open", status=204),
    # one's own
    ("GET", f"{V1}/account"): Row(kind="own"),
    # before what changes the name, lest somebody is erased by what they were just called
    ("POST", f"{V1}/account/erase"): Row(kind="own", status=409, body={"confirm": "somebody else"}),
    ("PUT", f"{V1}/account"): Row(kind="own", body={"name": "Another"}),
    ("PUT", f"{V1}/account/password"): Row(kind="own", body={"password": WORD, "old": ""}),
    ("POST", f"{V1}/account/sign-ins/end-others"): Row(kind="own"),
    ("POST", f"{V1}/account/sign-ins/{{sign_in}}/end"): Row(kind="own"),
    ("GET", f"{V1}/account/export"): Row(kind="own"),
    ("GET", f"{V1}/account/sessions"): Row(kind="user", query={"before": "9-s9", "role": "user"}),
    # one's own money
    ("GET", f"{V1}/wallet"): Row(kind="user"),
    ("POST", f"{V1}/deposits"): Row(
        kind="user", body={"op": "op-00000001", "amount": 2500, "back": "account", "keep_card": False}
    ),
    ("POST", f"{V1}/refunds"): Row(kind="user", status=409, body={"op": "op-00000001", "amount": 2500}),
    ("PUT", f"{V1}/reload"): Row(kind="user", body={"on": False, "threshold": 500, "amount": 2500}),
    ("DELETE", f"{V1}/card"): Row(kind="user", status=409),
    ("POST", "/v1/processor/webhook"): Row(kind="signed", status=400, raw=b"{}"),
    ("GET", "/p/{pool}/paid"): Row(kind="page"),
    ("GET", "/p/{pool}/not-paid"): Row(kind="page"),
    ("GET", f"{V1}/statement"): Row(kind="user", query={"before": "0", "limit": "9", "role": "user"}),
    ("GET", f"{V1}/statement.csv"): Row(kind="user", query={"language": "de", "role": "user"}),
    ("GET", f"{V1}/sessions/{{session}}/receipt.json"): Row(kind="own"),
    ("GET", "/.well-known/openline-receipts.json"): Row(kind="page"),
    ("GET", f"{V1}/bank-account"): Row(kind="payee"),
    ("PUT", f"{V1}/bank-account"): Row(
        kind="payee", query={"role": "operator"}, body={"name": "Acme GmbH", "iban": "DE89370400440532013000"}
    ),
    ("DELETE", f"{V1}/bank-account"): Row(kind="payee", query={"role": "operator"}),
    # sent and fetched with a ticket, by whoever has one
    ("PUT", f"{V1}/files/{{file}}"): Row(kind="open", status=401, foreign=True, raw=b"x", given=FILE),
    ("GET", f"{V1}/files/{{file}}"): Row(kind="open", status=401, given=FILE),
    ("OPTIONS", f"{V1}/files/{{file}}"): Row(kind="open", status=204, given=FILE),
    ("GET", f"{V1}/transcripts/{{session}}"): Row(kind="open", status=401),
    ("OPTIONS", f"{V1}/transcripts/{{session}}"): Row(kind="open", status=204),
    ("GET", f"{V1}/recordings/{{session}}"): Row(kind="open", status=401),
    ("OPTIONS", f"{V1}/recordings/{{session}}"): Row(kind="open", status=204),
    ("GET", f"{V1}/sessions/{{session}}/recording"): Row(kind="operator", query={"reason": "because"}),
    # profiles
    ("GET", f"{MINE}/profile"): Row(kind="profile"),
    ("PUT", f"{MINE}/profile"): Row(
        kind="profile",
        body={
            "name": "Ada Quill", "headline": "Numbers", "biography": "I **count**.", "categories": ["Money"],
            "languages": ["en"], "modes": ["chat"], "started_on": "2019-05-31", "rate": 120, "mode_rates": {},
            "email": "ada@line.example",
        } | HOURS,
    ),
    ("POST", f"{MINE}/biography-preview"): Row(kind="profile", body={"text": "I *count*."}),
    ("POST", f"{MINE}/hours-preview"): Row(kind="profile", body=HOURS),
    ("PUT", f"{MINE}/photo"): Row(kind="profile", raw=b"photo"),
    ("DELETE", f"{MINE}/photo"): Row(kind="profile"),
    ("GET", f"{MINE}/timeline"): Row(kind="profile", query={"from": "0", "to": "9"}),
    ("GET", f"{MINE}/waits"): Row(kind="profile", query={"from": "0", "to": "9"}),
    ("PUT", f"{MINE}/testimonials"): Row(kind="expert", body={"pinned": []}),
    ("POST", f"{MINE}/testimonials"): Row(kind="operator", body={"text": "She counts.", "by": "A neighbour"}),
    ("DELETE", f"{MINE}/testimonials/{{testimonial}}"): Row(kind="operator"),
    # the pool's
    ("GET", f"{V1}/options"): Row(kind="operator"),
    ("PUT", f"{V1}/options"): Row(
        kind="operator",
        body={
            "currency": "EUR", "visitors": True, "categories": ["Money"], "feedback_after_s": 30, "fee_bps": 0,
            "free_minutes": 0, "minimum_minutes": 1, "free_calls": 3, "deposits": [1000], "deposit_max": 50_000,
        },
    ),
    ("GET", f"{V1}/money"): Row(kind="operator"),
    ("GET", STATEMENTS): Row(kind="operator", given=EARNED, query={"before": "0", "limit": "9"}),
    ("GET", f"{STATEMENTS}.csv"): Row(kind="operator", given=EARNED, query={"language": "de"}),
    ("POST", f"{V1}/wallets/{{user}}/freeze"): Row(kind="operator", body={"reason": "because"}),
    ("POST", f"{V1}/wallets/{{user}}/unfreeze"): Row(kind="operator", body={"reason": "because"}),
    ("POST", f"{V1}/wallets/{{user}}/credit"): Row(
        kind="operator", body={"op": "op-goodwill", "amount": 5, "reason": "because"}
    ),
    ("GET", f"{V1}/owed"): Row(kind="operator"),
    ("GET", f"{V1}/payouts"): Row(kind="operator", query={"before": "0"}),
    ("POST", f"{V1}/payouts"): Row(kind="operator", body={"op": "op-payouts", "experts": ["bob"], "minimum": 1}),
    ("GET", f"{V1}/payouts/{{batch}}"): Row(kind="operator"),
    ("GET", f"{V1}/payouts/{{batch}}/file.csv"): Row(kind="operator"),
    ("GET", f"{V1}/payouts/{{batch}}/file.xml"): Row(kind="operator"),
    ("POST", f"{V1}/payouts/{{batch}}/paid"): Row(kind="operator", body={"op": "op-paid-1"}),
    ("POST", f"{V1}/payouts/{{batch}}/cancel"): Row(kind="operator", body={"op": "op-cancel"}),
    ("GET", f"{V1}/people"): Row(kind="operator", query={"role": "user", "before": "0"}),
    ("POST", f"{V1}/people/invite"): Row(
        kind="operator", status=202,
        body={"role": "user", "email": "inv@line.example", "name": "Inv", "expert": "", "language": "en"},
    ),
    ("POST", f"{V1}/people/block"): Row(
        kind="operator", body={"role": "user", "subject": "nobody", "blocked": False, "reason": "because"}
    ),
    ("GET", f"{V1}/audit"): Row(kind="operator", query={"before": "0"}),
    ("GET", f"{V1}/mails"): Row(kind="operator", query={"before": "0"}),
    ("POST", f"{V1}/mails/{{mail}}/again"): Row(kind="operator"),
}  # fmt: skip
WHO_MAY: Final[dict[str, set[str]]] = {
    "payee": {"owner", "peer", "boss"},
    "user": {"user"},
    "own": {"user", "owner", "peer", "boss"},
    "profile": {"owner", "boss"},
    "expert": {"owner"},
    "operator": {"boss"},
}
ROLES: Final = {
    "user": "user", "owner": "expert", "peer": "expert", "boss": "operator",
    "user elsewhere": "user", "owner elsewhere": "expert", "boss elsewhere": "operator",
}  # fmt: skip
