"""A test processor that listens, and people who pay on its page as a browser without JavaScript would."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import stripe

from server.test_processor.running import settings_of
from server.test_processor.settings import Settings
from tests.listening import listening

KEY = "sk_test_of_the_tests"
SECRET = "whsec_of_the_tests"
TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')
PAYS = "4242 4242 4242 4242"
ASKS_ONCE = "4000002500003155"
ASKS_ALWAYS = "4000002760003184"
DECLINED = "4000000000000002"
NO_FUNDS = "4000000000009995"
DISPUTED = "4000000000000259"
REFUND_FAILS = "4000000000005126"
DEBIT = "AT611904300234573201"
DEBIT_FAILS = "AT861904300235473202"


class Processor:
    """Where it listens, and what its callers need."""

    def __init__(self, port: int, settings: Settings) -> None:
        self.api = f"http://127.0.0.1:{port}"
        self.key = settings.key
        self.secret = settings.secret
        self._opened: list[stripe.HTTPXClient] = []

    @property
    def environment(self) -> dict[str, str]:
        """What a server has to know that lets people pay in here."""
        names = {"KEY": self.key, "WEBHOOK_SECRET": self.secret, "API": self.api}
        return {f"OPENLINE_STRIPE_{name}": value for name, value in names.items()}

    def client(self, key: str = "") -> Any:
        """The real SDK, for the async calls; without its types, which forbid to hand it something wrong."""
        self._opened.append(stripe.HTTPXClient(timeout=10))
        return stripe.StripeClient(key or self.key, base_addresses={"api": self.api}, http_client=self._opened[-1])

    async def close(self) -> None:
        for http in self._opened:
            await http.close_async()


@contextlib.asynccontextmanager
async def processor(webhook: str = "", **more: Any) -> AsyncIterator[Processor]:
    """A processor that tells `webhook` what happens. Delays are short; `more` are Settings."""
    settings = Settings(**{"key": KEY, "secret": SECRET, "webhook": webhook, "retry_ms": 50, "later_ms": 50, **more})
    async with listening(settings_of(settings)) as port:
        found = Processor(port, settings)
        try:
            yield found
        finally:
            await found.close()


class Paid(NamedTuple):
    """How paying ended: the status, where the browser was sent ("" for nowhere) and what the page says."""

    status: int
    to: str
    text: str


async def pay(url: str, number: str = PAYS, choice: str = "approve", **typed: str) -> Paid:
    """Fill in the form at a session's `url`, answer if the holder is asked, and don't follow the way back."""
    async with httpx.AsyncClient() as browser:
        form = {"number": number, "expiry": "12/34", "cvc": "123", "token": await _token(browser, url), **typed}
        answer = await browser.post(url, data=form)
        if answer.headers.get("location", "").startswith("/pay/"):
            again = {"token": await _token(browser, url), "choice": choice}
            answer = await browser.post(f"{url}/approval", data=again)
        return Paid(answer.status_code, answer.headers.get("location", ""), answer.text)


async def _token(browser: httpx.AsyncClient, url: str) -> str:
    found = TOKEN.search((await browser.get(url)).text)
    return found[1] if found else ""


def state_file(folder: Path) -> str:
    """Where a processor that is started twice keeps what it knows."""
    return str(folder / "test_processor.db")
