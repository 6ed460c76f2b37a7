"""What identity whispers to every server process."""

from msgspec import Struct


class SignedOutFacts(Struct, tag_field="k", tag="signed_out", kw_only=True):
    """A member's sign-in has ended. Published, never stored."""

    role: str
    member: str
    reason: str
