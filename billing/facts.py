"""What billing whispers to every server process."""

from msgspec import Struct


class MoneyFacts(Struct, tag_field="k", tag="money", kw_only=True):
    """The money of `user` is not what it was; `session` has been settled ("": none). Published, never stored: the truth
    is in the books."""

    user: str
    session: str
