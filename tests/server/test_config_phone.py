"""Settings of the telephone: complete or named as wrong, and secrets in no text."""

from pathlib import Path

import pytest

from server.config import ConfigError, handed_down, load, taken_up
from server.config_phone import PhoneProblem, PhoneSettings, phone_of

TRUNK = {"OPENLINE_SIP_TRUNK": "sip:openline@sip.example.org", "OPENLINE_SIP_SECRET": "a trunk's secret"}
ARI = {"OPENLINE_ARI": "http://openline@127.0.0.1:8088/ari", "OPENLINE_ARI_SECRET": "an Asterisk's secret"}
TEXTS = {"OPENLINE_TEXT_URL": "https://texts.example.org/send", "OPENLINE_TEXT_SECRET": "sixteen letters and more"}


def test_without_settings_nobody_is_called() -> None:
    assert phone_of({}) == PhoneSettings() and not phone_of({}).calls


def test_one_way_to_the_network_and_texts() -> None:
    assert phone_of(TRUNK | TEXTS).calls and phone_of(TRUNK).trunk
    assert phone_of(ARI).calls and phone_of(ARI).ari
    assert phone_of(TRUNK | {"OPENLINE_PHONE_CALLS_DAY": "50"}).calls_a_day == 50
    assert phone_of(TRUNK | {"OPENLINE_SPEECH": " off "}).speech == "off"
    assert phone_of(TEXTS).text_url == TEXTS["OPENLINE_TEXT_URL"]
    assert phone_of(TEXTS | {"OPENLINE_TEXT_URL": "http://127.0.0.1:9/send"}).text_url


def test_the_secret_of_texts_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sixteen letters and more\n")
    env = {"OPENLINE_TEXT_URL": TEXTS["OPENLINE_TEXT_URL"], "OPENLINE_TEXT_SECRET_FILE": str(tmp_path / "secret")}
    assert phone_of(env).text_secret == TEXTS["OPENLINE_TEXT_SECRET"]


@pytest.mark.parametrize(
    "env",
    [
        TRUNK | ARI,
        {"OPENLINE_SIP_TRUNK": "sip.example.org"},
        {"OPENLINE_PHONE_CALLS_DAY": "0"}, {"OPENLINE_PHONE_CALLS_DAY": "many"},
        {"OPENLINE_TEXT_URL": "https://texts.example.org"}, {"OPENLINE_TEXT_SECRET": TEXTS["OPENLINE_TEXT_SECRET"]},
        TEXTS | {"OPENLINE_TEXT_SECRET": "short"}, TEXTS | {"OPENLINE_TEXT_SECRET_FILE": "/nowhere"},
        {"OPENLINE_TEXT_URL": TEXTS["OPENLINE_TEXT_URL"], "OPENLINE_TEXT_SECRET_FILE": "/nowhere"},
        TEXTS | {"OPENLINE_TEXT_URL": "http://texts.example.org"},
        TEXTS | {"OPENLINE_TEXT_URL": "https://me:mine@texts.example.org"},
        TEXTS | {"OPENLINE_TEXT_URL": "https://[texts"}, TEXTS | {"OPENLINE_TEXT_URL": "https://texts.example.org:a"},
        TRUNK | {"OPENLINE_SIP_SECRET": 'a"quote'}, ARI | {"OPENLINE_ARI_SECRET": "pässword"},
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_no_secret_told(env: dict[str, str]) -> None:
    with pytest.raises(PhoneProblem) as problem:
        phone_of(env)
    assert "OPENLINE_" in str(problem.value)
    assert not [
        value
        for name, value in env.items()
        if name.endswith("_SECRET") and len(value) > 5 and value in str(problem.value)
    ]
    with pytest.raises(ConfigError):
        load({}, env)


def test_no_secret_in_what_is_shown_and_all_of_it_in_what_is_handed_down(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, TRUNK | TEXTS)
    for text in (repr(config), repr(config.phone), str(config.phone)):
        assert "secret" not in text.lower().replace("_secret", "") and "sixteen" not in text
    assert taken_up(handed_down(config)).phone == config.phone
    other = load({"state_dir": tmp_path}, ARI)
    assert taken_up(handed_down(other)).phone == other.phone
