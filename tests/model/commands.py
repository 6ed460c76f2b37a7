"""What the commands of the model share: a refusal names every code that would be right, because the text puts them in
no order."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from tests.model.due import Due


class Refused(Exception):
    """Nothing has changed. `codes` are the names of all that speaks against it."""

    def __init__(self, *codes: str) -> None:
        super().__init__(", ".join(codes))
        self.codes = set(codes)


def refuse(codes: Iterable[str]) -> None:
    if found := [code for code in codes if code]:
        raise Refused(*found)


def command(method: Callable[..., Any]) -> Callable[..., Any]:
    """Runs what is due before, dispatch after."""

    @wraps(method)
    def run(self: Due, now: int, *args: Any, **kwargs: Any) -> Any:
        self.run_due(now)
        answer = method(self, now, *args, **kwargs)
        self.dispatch(now)
        return answer

    return run
