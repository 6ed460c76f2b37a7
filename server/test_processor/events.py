"""What the endpoint is told, and when: an event is a snapshot, delivered at least once, in no order to rely on."""

from random import Random
from typing import Final

from server.test_processor.settings import Settings
from server.test_processor.state import Object, State, shown

API_VERSION: Final = "2026-10-28.endive"


class News:
    """Writes events down and puts their deliveries on the list."""

    def __init__(self, state: State, settings: Settings) -> None:
        self._state = state
        self._settings = settings
        self._dice = Random(settings.shuffle)  # noqa: S311 - the order of deliveries, not a secret

    def tell(self, kind: str, about: Object) -> Object:
        """Something has happened to `about`, which is shown as it is now."""
        event = self._state.make(
            "event", type=kind, api_version=API_VERSION, data={"object": shown(about)},
            pending_webhooks=int(self._wanted(kind)), request={"id": None, "idempotency_key": None},
        )  # fmt: skip
        if self._wanted(kind):
            self.deliver(event["id"], self._settings.copies)
        return event

    def deliver(self, event: str, copies: int) -> None:
        """Deliver an event so many times, whatever was delivered before."""
        for _ in range(copies):
            spread = self._settings.spread_ms if self._settings.shuffle is not None else 0
            self._state.later(self._dice.randint(0, spread), "deliver", event)

    def _wanted(self, kind: str) -> bool:
        events = self._settings.events
        return bool(self._settings.webhook) and (kind in events or "*" in events)
