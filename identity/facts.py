"""What identity whispers to every server process."""

from msgspec import Struct


class SignedOutFacts(Struct, tag_field="k", tag="signed_out", kw_only=True):
    """A sign-in of a member has ended, or all have (`sign_in` ""). Published, never stored."""

    role: str
    member: str
    reason: str
    sign_in: str = ""
