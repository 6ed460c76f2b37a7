"""What mails say: subject and text in the recipient's language, from the keys `mail.<kind>.subject` and `.text`."""

from typing import NamedTuple

from server.web.words import chosen, day, duration, moment, money, number, text

__all__ = ["Written", "chosen", "day", "duration", "moment", "money", "number", "text", "written"]

_SUBJECT_VALUE_MAX = 60


class Written(NamedTuple):
    """A mail's words."""

    subject: str
    text: str


def written(language: str, kind: str, **values: str | int) -> Written:
    """The mail `kind` in one of `server.web.words.LANGUAGES`, signed with the name of the pool (the value `pool`).

    In the subject every value is one line and not too long, whatever people call themselves.
    """
    short = {name: _one_line(value) if isinstance(value, str) else value for name, value in values.items()}
    body = text(language, f"mail.{kind}.text", **values)
    footer = text(language, "mail.footer", pool=str(short["pool"]))
    return Written(text(language, f"mail.{kind}.subject", **short), f"{body}\n\n-- \n{footer}\n")


def _one_line(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _SUBJECT_VALUE_MAX else line[: _SUBJECT_VALUE_MAX - 1] + "…"
