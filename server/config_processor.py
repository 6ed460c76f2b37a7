"""Settings of the card processor: all of them or none, and no real key to a stranger's address."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from billing.deposits.processor import STRIPE_API

KEY: Final = re.compile(r"[sr]k_(live|test)_[A-Za-z0-9_]{3,255}")
SECRET: Final = re.compile(r"whsec_[A-Za-z0-9_+/=-]{3,255}")


class ProcessorProblem(ValueError):
    """A setting is wrong or missing. The text names it and never holds what it is."""


def processor_of(env: dict[str, str], base_url: str) -> dict[str, str]:
    """The fields `stripe_…` of `Config`. Raises ProcessorProblem."""
    key, secret, api = (env.get(f"OPENLINE_STRIPE_{name}", "").strip() for name in ("KEY", "WEBHOOK_SECRET", "API"))
    if not (key or secret or api):
        return {}
    if not key or not secret:
        raise ProcessorProblem(
            "deposits need OPENLINE_STRIPE_KEY and OPENLINE_STRIPE_WEBHOOK_SECRET together: set both, or neither"
        )
    if not KEY.fullmatch(key):
        raise ProcessorProblem("OPENLINE_STRIPE_KEY is no secret key: it begins with sk_ or rk_ and live_ or test_")
    if not SECRET.fullmatch(secret):
        raise ProcessorProblem("OPENLINE_STRIPE_WEBHOOK_SECRET is no signing secret: it begins with whsec_")
    _check_api(api, live="_live_" in key[:8])
    if "_live_" in key[:8] and not base_url.startswith("https://"):
        raise ProcessorProblem("a live OPENLINE_STRIPE_KEY needs OPENLINE_BASE_URL beside it, an https address")
    return {"stripe_key": key, "stripe_webhook_secret": secret, "stripe_api": api}


def _check_api(api: str, *, live: bool) -> None:
    if live and api not in ("", STRIPE_API):
        raise ProcessorProblem("a live OPENLINE_STRIPE_KEY goes to Stripe alone: take OPENLINE_STRIPE_API away")
    parts = urlsplit(api)
    plain = not api or (parts.hostname and api == f"{parts.scheme}://{parts.netloc}" and "@" not in api)
    if not plain or (api and parts.scheme != "https" and not (parts.scheme == "http" and _is_own(parts.hostname))):
        raise ProcessorProblem("OPENLINE_STRIPE_API must be an https origin, or an http one on this machine")


def _is_own(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
