"""The names of all settings: what is set under another name is told, for else it would be passed over in silence."""

import difflib
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "OPENLINE_"
_NAMES: Final = """
STORE STORE_FSYNC DATABASE STATE_DIR SECRET SECRET_FILE HOST PORT WORKERS HOSTS ORIGINS TRUSTED_PROXIES ICE_SERVERS
MEDIA MEDIA_SESSIONS MEDIA_PORTS MEDIA_ANNOUNCE MEDIA_HOSTS MEDIA_PRIVATE TURN_URLS TURN_SECRET TURN_SECRET_FILE
RECORDINGS FILES SCAN_COMMAND SIP_TRUNK SIP_SECRET SIP_SECRET_FILE ARI ARI_SECRET ARI_SECRET_FILE ARI_ENDPOINT ARI_APP
ARI_CALLER ARI_LINES ARI_ADDRESSES ARI_MEDIA ARI_CODEC SPEECH PHONE_CALLS_DAY TEXT_URL TEXT_SECRET TEXT_SECRET_FILE
SMTP_URL MAIL_FROM BASE_URL STRIPE_KEY STRIPE_WEBHOOK_SECRET STRIPE_API HOSTS_JWT OIDC
"""
NAMES: Final = frozenset(PREFIX + name for name in _NAMES.split())
_OTHERS: Final = tuple(
    PREFIX + name for name in ("TEST_", "LONG", "HYPOTHESIS", "KILLS", "SEED", "DAYS", "WORKER_CONFIG", "MEDIA_CONFIG")
)
"""Of the tests, and what a server hands down to its children."""


def strange(names: Iterable[str]) -> list[str]:
    """A line for each of these names that looks like a setting of ours and is none, with the nearest that is one."""
    found = sorted(name for name in names if name.startswith(PREFIX) and name not in NAMES)
    return [_line(name) for name in found if not name.startswith(_OTHERS)]


def _line(name: str) -> str:
    near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.85)
    return f"{name} is no setting and changes nothing" + (f"; {near[0]} is one" if near else "")
