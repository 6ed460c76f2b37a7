"""A process that sends what the outbox holds, as a server process does: `database smtp-url`."""

import asyncio
import sys

from ground.clock import SystemClock
from ground.sql import Database
from mail.outbox import Outbox
from mail.relay import parse_relay
from mail.sender import Sender
from server.mailer import Mailer
from tests.mail.letters import SENDER


class Ahead:
    """A clock that runs ahead, so that the leases of others are over without waiting for them."""

    def __init__(self, by_ms: int) -> None:
        self._by_ms = by_ms

    def now_ms(self) -> int:
        return SystemClock().now_ms() + self._by_ms


async def main(database: str, url: str) -> None:
    clock = SystemClock()
    box = Outbox(await Database.open(database))
    await Mailer(box, Sender(box, parse_relay(url), SENDER, clock), clock).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
