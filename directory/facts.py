"""What the directory whispers to every server process."""

from msgspec import Struct


class ProfileChangedFacts(Struct, tag_field="k", tag="profile_changed", kw_only=True):
    """An expert's profile, or the feedback on them, is not what it was. Published, never stored: who missed it sees it
    when it next reads the directory."""

    expert: str
