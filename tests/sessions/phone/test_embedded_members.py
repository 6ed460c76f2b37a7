"""baresip-python is alpha: what we use of it, by name, so that a new release that moved something says so here."""

import inspect
from dataclasses import fields

import baresip
import pytest

USED: dict[type, dict[str, tuple[str, ...]]] = {
    baresip.Runtime: {
        "start": ("config",), "close": (), "subscribe": ("listener",),
    },
    baresip.UserAgent: {
        "create": ("runtime", "account", "transfer_policy"), "register": (), "dial": ("uri", "headers"),
        "on_incoming": ("callback",),
    },
    baresip.Call: {"hangup": ()},
    baresip.CallAudio: {"info": (), "read": ("max_bytes",), "write": ("pcm",)},
}  # fmt: skip
FIELDS: dict[type, set[str]] = {
    baresip.Config: {
        "net_interface", "max_concurrent_calls", "rtp_timeout", "native_log_level", "extra_config_text"
    },
    baresip.Account: {
        "user", "domain", "password", "registrar", "reg_interval", "transport", "audio_codecs", "auth_user",
        "extra_params",
    },
    baresip.StackEvent: {"event", "call", "text"},
    baresip.AudioInfo: {"tx_buffered", "tx_sample_rate", "rx_sample_rate"},
}  # fmt: skip
EVENTS = {"CALL_RINGING", "CALL_PROGRESS", "CALL_ESTABLISHED", "CALL_CLOSED", "CALL_DTMF_START"}
ERRORS = {"CommandTimeout", "RuntimeDead", "StaleHandleError", "AudioNotActive", "AudioRestarted"}


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [(owner, name, parameters) for owner, members in USED.items() for name, parameters in members.items()],
)
def test_a_method(owner: type, name: str, parameters: tuple[str, ...]) -> None:
    assert set(parameters) <= set(inspect.signature(getattr(owner, name)).parameters)


@pytest.mark.parametrize(("owner", "names"), list(FIELDS.items()))
def test_fields(owner: type, names: set[str]) -> None:
    assert names <= {field.name for field in fields(owner)}


def test_the_rest() -> None:
    assert {event.name for event in baresip.Event} >= EVENTS
    assert all(issubclass(getattr(baresip, name), baresip.BaresipError) for name in ERRORS)
    assert isinstance(baresip.Call.handle, property) and isinstance(baresip.Call.audio, property)
    assert baresip.Runtime().on_dead is None
