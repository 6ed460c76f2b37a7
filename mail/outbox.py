"""The door of mail: a transactional outbox."""

from ground.sql import Tx
from mail.letter import Letter


async def put(tx: Tx, letter: Letter, now: int) -> None:
    """Write `letter` into the outbox, in the transaction of what it is about. Raises Refusal (`bad_email`)."""
    raise NotImplementedError
