"""How much of something one browser may send in a second: pure."""


class Allowance:
    """So many datagrams and so many octets in each second, counted from the first one on."""

    __slots__ = ("_datagrams", "_left", "_octets", "_octets_left", "_since")

    def __init__(self, datagrams: int, octets: int) -> None:
        self._datagrams, self._octets = datagrams, octets
        self._left, self._octets_left, self._since = datagrams, octets, 0.0

    def takes(self, size: int, at: float) -> bool:
        """Whether one more of `size` octets at `at` (seconds of any steady clock) is within it."""
        if at - self._since >= 1:
            self._since, self._left, self._octets_left = at, self._datagrams, self._octets
        self._left -= 1
        self._octets_left -= size
        return self._left >= 0 and self._octets_left >= 0
