"""Letters as a sender gets them."""

from mail.address import mailbox
from mail.outbox import Claimed

NOW = 1_800_000_000_000  # 15 January 2027, 08:00 UTC
SENDER = mailbox("Openline <no-reply@line.example>")


def claimed(**changed: object) -> Claimed:
    given: dict[str, object] = {
        "mail": "mail-1", "claim": "claim-1", "kind": "message", "at": NOW, "give_up_at": NOW + 1, "attempts": 1,
        "secret": False, "to": "ada@line.example", "subject": "Hello", "text": "Come", "reply_to": "", "reply_name": "",
    }  # fmt: skip
    return Claimed(**(given | changed))  # type: ignore[arg-type]
