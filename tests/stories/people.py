"""The experts of the stories."""

from directory.expert import Expert

ADA = Expert(
    expert="ada", name="Ada Quill", headline="Numbers that have to add up", categories=["Money/Bookkeeping"],
    languages=["en", "de"], modes=["chat", "audio"],
)  # fmt: skip
BRUNO = Expert(
    expert="bruno", name="Bruno Salt", headline="Taxes for people with two jobs", categories=["Money/Taxes"],
    languages=["en", "es"], modes=["chat"],
)  # fmt: skip
CHIDI = Expert(
    expert="chidi", name="Chidi Fenwick", headline="Home networks that stay up", categories=["Technology/Networks"],
    languages=["en"], modes=["chat", "audio"],
)  # fmt: skip
