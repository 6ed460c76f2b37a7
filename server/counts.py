"""What the door counts: plain integers, read by `/metrics`."""

from collections import Counter


class Counts:
    """One per process. Names of messages and codes come from our own tables, so the label sets are bounded."""

    __slots__ = ("closes", "commands", "handshakes", "messages", "refusals", "rejected", "seconds")

    BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

    def __init__(self) -> None:
        self.handshakes = 0
        self.rejected: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.closes: Counter[str] = Counter()
        self.commands: dict[str, list[int]] = {}
        self.seconds: dict[str, float] = {}

    def command(self, name: str, seconds: float) -> None:
        """One command was answered after `seconds`."""
        counted = self.commands.get(name)
        if counted is None:
            counted = self.commands[name] = [0] * (len(self.BUCKETS) + 1)
        place = next((i for i, bound in enumerate(self.BUCKETS) if seconds <= bound), len(self.BUCKETS))
        counted[place] += 1
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
