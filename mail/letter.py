"""A letter: who it goes to and what it says. Pure."""

from msgspec import Struct


class Letter(Struct, kw_only=True, frozen=True):
    """A mail to one recipient, in plain text. `kind` names the occasion: `sign_in`, `invitation`, `message` ...

    `reply_to` is "" or the address that answers go to, `reply_name` its owner's name. `key` makes a letter the same
    one: put twice into a pool, it goes once; "" gives it a key of its own. After `expires_at` (ms, 0: never) it no
    longer goes. The text of a `secret` letter (a sign-in link is one) is erased as soon as it is sent, and no operator
    sees it outside the demo; a letter is secret unless whoever writes it says that it is not.
    """

    kind: str
    pool: str
    to: str
    subject: str
    text: str
    reply_to: str = ""
    reply_name: str = ""
    key: str = ""
    expires_at: int = 0
    secret: bool = True
