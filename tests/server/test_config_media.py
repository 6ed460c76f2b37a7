"""The settings of media workers."""

from typing import Any

import pytest

from server.config import ConfigError, handed_down, load, taken_up
from server.config_media import MediaProblem, MediaSettings, media_of, on_its_own
from server.media_process import site_of


def test_by_itself_a_server_has_one_worker_on_any_port() -> None:
    assert media_of({}) == MediaSettings(workers=1, sessions=100)


def test_all_of_it_by_environment_and_what_is_given_goes_first() -> None:
    env = {
        "OPENLINE_MEDIA": "3", "OPENLINE_MEDIA_SESSIONS": "500", "OPENLINE_MEDIA_PORTS": "40000-40999",
        "OPENLINE_MEDIA_ANNOUNCE": "203.0.113.7", "OPENLINE_MEDIA_HOSTS": "10.0.0.5, fd00::5",
        "OPENLINE_MEDIA_PRIVATE": "0",
    }  # fmt: skip
    expected = MediaSettings(3, 500, (40_000, 40_999), "203.0.113.7", ("10.0.0.5", "fd00::5"), False)
    assert media_of(env) == expected
    assert media_of(env, workers=0, sessions=7) == MediaSettings(0, 7, *expected_rest(expected))


def expected_rest(settings: MediaSettings) -> tuple[Any, ...]:
    return settings.ports, settings.announce, settings.hosts, settings.private


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "-1"), ("", "65"), ("", "two"), ("_SESSIONS", "0"), ("_SESSIONS", "1e3"), ("_PORTS", "40000"),
        ("_PORTS", "80-90"), ("_PORTS", "5000-4000"), ("_PORTS", "40000-70000"), ("_ANNOUNCE", "media.example"),
        ("_ANNOUNCE", "203.0.113.7:80"), ("_HOSTS", "10.0.0.5,nowhere"), ("_PRIVATE", "yes"),
        ("_PORTS", "40000-40198"), ("_ANNOUNCE", "0.0.0.0"), ("_ANNOUNCE", "::"), ("_HOSTS", "224.0.0.1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(MediaProblem, match=f"OPENLINE_MEDIA{name}"):
        media_of({f"OPENLINE_MEDIA{name}": value})
    with pytest.raises(ConfigError, match=f"OPENLINE_MEDIA{name}"):
        load({}, {f"OPENLINE_MEDIA{name}": value})


def test_two_ports_for_each_session() -> None:
    assert media_of({"OPENLINE_MEDIA_PORTS": "40000-40199"}).ports == (40_000, 40_199)
    assert media_of({"OPENLINE_MEDIA_PORTS": "40000-40019"}, sessions=10).ports
    with pytest.raises(MediaProblem, match=r"22 at least.*OPENLINE_MEDIA_SESSIONS"):
        media_of({"OPENLINE_MEDIA_PORTS": "40000-40019"}, sessions=11)


def test_a_worker_on_its_own_speaks_with_private_networks_only_where_that_is_set(tmp_path) -> None:
    """It knows nothing of `--public-host`, which a server got: by the default hosts it would be open."""
    for setting, private in (("", False), ("0", False), ("1", True)):
        config = load({"state_dir": tmp_path}, {"OPENLINE_MEDIA_PRIVATE": setting})
        assert on_its_own(config.media).private is private


def test_they_reach_a_child_process_whole(tmp_path) -> None:
    config = load({"state_dir": tmp_path, "media_workers": 2}, {"OPENLINE_MEDIA_PORTS": "40000-40999"})
    assert taken_up(handed_down(config)) == config and config.media.workers == 2


@pytest.mark.parametrize(
    ("hosts", "setting", "private"),
    [("", "", True), ("line.example", "", False), ("line.example", "1", True), ("", "0", False)],
)
def test_private_networks_are_spoken_with_where_nobody_comes_from_elsewhere(
    tmp_path, hosts: str, setting: str, private: bool
) -> None:
    config = load({"state_dir": tmp_path, "hosts": hosts}, {"OPENLINE_MEDIA_PRIVATE": setting})
    assert site_of(config).allow_private is private
