"""Refusals: what a command answers when it changes nothing."""


class Refusal(Exception):
    """A named refusal. Nothing has changed.

    `code` is a name of `wire/codes.py` (every room's refusals are listed there and a test holds the two together);
    `detail` names the object concerned (an expert's id, a limit), never another user's data.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class StoreUnavailable(Exception):
    """The store did not answer in time. The outcome is unknown: repeat with the same operation id."""
