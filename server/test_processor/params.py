"""Reading a call's parameters: what is missing, unknown or out of bounds is refused by name. Pure."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from server.test_processor.errors import bad

AMOUNT_MIN: Final = 50
AMOUNT_MAX: Final = 99_999_999
_CURRENCY: Final = re.compile(r"[a-z]{3}")


class Params:
    """A tree of parameters; `path` is the name of the tree in the call, for refusals."""

    def __init__(self, tree: Any, path: str = "") -> None:
        if not isinstance(tree, dict):
            raise bad(f"Invalid object: {path}", "parameter_invalid", path)
        self._tree = tree
        self._path = path

    def only(self, *names: str) -> "Params":
        """Raises ApiError for a name beside these."""
        for name in self._tree:
            if name not in names:
                raise bad(f"Received unknown parameter: {self._of(name)}", "parameter_unknown", self._of(name))
        return self

    def text(self, name: str, most: int = 5000) -> str | None:
        value = self._tree.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise bad(f"Invalid string: {self._of(name)}", "parameter_invalid_string", self._of(name))
        return value or None

    def needed(self, name: str, most: int = 5000) -> str:
        value = self.text(name, most)
        if value is None:
            raise bad(f"Missing required param: {self._of(name)}.", "parameter_missing", self._of(name))
        return value

    def choice(self, name: str, *choices: str) -> str | None:
        value = self.text(name)
        if value is not None and value not in choices:
            raise bad(f"Invalid {self._of(name)}: must be one of {', '.join(choices)}", param=self._of(name))
        return value

    def flag(self, name: str) -> bool:
        return self.choice(name, "true", "false") == "true"

    def whole(self, name: str, least: int, most: int, code: str = "parameter_invalid_integer") -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,15}", value, re.ASCII):
            raise bad(f"Invalid integer: {value[:40]}", "parameter_invalid_integer", self._of(name))
        if not least <= int(value) <= most:
            raise bad(f"{self._of(name)} must be {least} to {most}", code, self._of(name))
        return int(value)

    def amount(self, name: str, least: int = AMOUNT_MIN) -> int:
        """A needed amount in minor units."""
        self.needed(name)
        found = self.whole(name, least, AMOUNT_MAX, "amount_too_small" if least == AMOUNT_MIN else "")
        assert found is not None
        return found

    def currency(self, name: str = "currency") -> str:
        value = self.needed(name).lower()
        if not _CURRENCY.fullmatch(value):
            raise bad(f"Invalid currency: {value[:10]}", param=self._of(name))
        return value

    def url(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise bad("Not a valid URL", "url_invalid", self._of(name))
        return value

    def metadata(self, name: str = "metadata") -> dict[str, str]:
        """At most 50 names of 40 characters with values of 500."""
        found = self._tree.get(name) or {}
        sound = isinstance(found, dict) and len(found) <= 50
        if not sound or not all(len(k) <= 40 and isinstance(v, str) and len(v) <= 500 for k, v in found.items()):
            raise bad("Metadata has too many names, or one too long", "parameter_invalid", self._of(name))
        return dict(found)

    def below(self, name: str) -> "Params":
        """The tree under `name`, empty when there is none."""
        return Params(self._tree.get(name) or {}, self._of(name))

    def each(self, name: str, most: int = 100) -> list["Params"]:
        found = self._tree.get(name)
        if not isinstance(found, list) or not 1 <= len(found) <= most:
            raise bad(f"Missing required param: {self._of(name)}.", "parameter_missing", self._of(name))
        return [Params(child, f"{self._of(name)}[{n}]") for n, child in enumerate(found)]

    def _of(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name
