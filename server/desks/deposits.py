"""Where to pay in."""

from billing.deposits.checkout import Asked
from ground.errors import Refusal
from server.connection import Connection
from server.desks.desk import Handlers
from server.paying import Paying
from wire import messages


class DepositsDesk:
    """Answers `deposit`. `paying` is None where no card processor is set up."""

    def __init__(self, paying: Paying | None) -> None:
        self._paying = paying

    def handlers(self) -> Handlers:
        return {messages.Deposit: self._deposit}

    async def _deposit(self, conn: Connection, ask: messages.Deposit) -> messages.DepositPage:
        """Refused `no_deposits`, `not_prepaid`, `no_account`, `bad_amount`, `wallet_frozen`, `op_reused`,
        `rate_limited`, `processor_unavailable`."""
        if self._paying is None:
            raise Refusal("no_deposits")
        url = await self._paying.page(conn.pool, conn.member, Asked(ask.op, ask.amount, ask.back))
        return messages.DepositPage(id=ask.id, url=url)
