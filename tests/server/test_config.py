"""Settings: where they come from, what is refused, and that no secret shows."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.config import ConfigError, load, with_store, without_password

LONG = "x" * 32


def test_embedded_is_the_default(tmp_path: Path) -> None:
    config = load({"state_dir": str(tmp_path / "state")}, {})
    assert config.embedded
    assert config.store_fsync == "always"
    assert config.store == ""
    assert config.database == f"sqlite:///{tmp_path / 'state' / 'openline.db'}"
    assert (config.host, config.port, config.workers) == ("127.0.0.1", 8080, 1)
    assert with_store(config, "unix:///s").store == "unix:///s"


def test_the_secret_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: load({"state_dir": str(tmp_path / "state")}, {}).keys, range(8)))
    assert len(found) == 1
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "secret").stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["secret"]


def test_files_of_chats_have_a_folder_and_perhaps_a_scanner(tmp_path: Path) -> None:
    assert load({"state_dir": tmp_path}, {}).files == tmp_path / "files"
    environ = {"OPENLINE_FILES": str(tmp_path / "shared"), "OPENLINE_SCAN_COMMAND": "clamdscan --fdpass 'a b'"}
    config = load({"state_dir": tmp_path}, environ)
    assert (config.files, config.scan_command) == (tmp_path / "shared", ("clamdscan", "--fdpass", "a b"))
    with pytest.raises(ConfigError, match="OPENLINE_SCAN_COMMAND"):
        load({"state_dir": tmp_path}, {"OPENLINE_SCAN_COMMAND": "clamdscan 'half"})


def test_how_the_own_store_keeps_its_file_is_one_of_two(tmp_path: Path) -> None:
    assert load({"state_dir": tmp_path}, {"OPENLINE_STORE_FSYNC": "no"}).store_fsync == "no"
    with pytest.raises(ConfigError, match="OPENLINE_STORE_FSYNC must be always or no, not 'everysec'"):
        load({"state_dir": tmp_path}, {"OPENLINE_STORE_FSYNC": "everysec"})


def test_options_come_before_the_environment(tmp_path: Path) -> None:
    environ = {
        "OPENLINE_PORT": "9000",
        "OPENLINE_WORKERS": "3",
        "OPENLINE_ORIGINS": "https://a.example, https://b.example",
    }
    config = load({"state_dir": tmp_path, "port": 9100, "workers": None, "origins": ()}, environ)
    assert (config.port, config.workers) == (9100, 3)
    assert config.origins == ("https://a.example", "https://b.example")


def test_a_shared_store_needs_a_shared_secret(tmp_path: Path) -> None:
    given = {"state_dir": tmp_path, "store": "redis://store.example"}
    with pytest.raises(ConfigError, match="OPENLINE_SECRET_FILE"):
        load(given, {})
    first = load(given, {"OPENLINE_SECRET": LONG})
    assert not first.embedded
    assert first.keys == load(given, {"OPENLINE_SECRET": LONG}).keys


def test_a_secret_is_rotated_by_a_line_in_front(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{'n' * 40}\n{LONG}\n")
    keys = load({"state_dir": tmp_path, "store": "redis://s"}, {"OPENLINE_SECRET_FILE": str(file)}).keys
    assert [key.value for key in keys] == [b"n" * 40, LONG.encode()]
    assert len({key.kid for key in keys}) == 2


@pytest.mark.parametrize(
    ("given", "environ", "named"),
    [
        ({"port": 70_000}, {}, "port"),
        ({"workers": 0}, {}, "workers"),
        ({}, {"OPENLINE_PORT": "eighty"}, "port"),
        ({"origins": ("https://a.example/",)}, {}, "origin"),
        ({"origins": ("*",)}, {}, "origin"),
        ({"origins": ("null",)}, {}, "origin"),
        ({"origins": ("https://u:p@a.example",)}, {}, "origin"),
        ({}, {"OPENLINE_SECRET": "short"}, "OPENLINE_SECRET"),
        ({}, {"OPENLINE_SECRET_FILE": "/nowhere/secret"}, "/nowhere/secret"),
        ({}, {"OPENLINE_ICE_SERVERS": "stun:a"}, "OPENLINE_ICE_SERVERS"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, given: dict[str, object], environ: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError, match=named) as refused:
        load({"state_dir": tmp_path, **given}, environ)
    assert "short" not in str(refused.value).replace("shorter", "")


def test_no_secret_shows(tmp_path: Path) -> None:
    ice = '[{"urls": ["turn:t.example"], "username": "u", "credential": "hunter3"}]'
    given = {"state_dir": tmp_path, "store": "rediss://me:hunter2@s:6380/0", "database": "postgresql://u:hunter4@h/n"}
    config = load(given, {"OPENLINE_SECRET": LONG, "OPENLINE_ICE_SERVERS": ice})
    assert config.ice_servers[0].credential == "hunter3"
    for text in (repr(config), str(config), f"{config!r}"):
        assert "hunter" not in text
        assert LONG not in text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:pw@h:1", "redis://:***@h:1"),
        ("redis://u:p@w@h:1/0", "redis://u:***@h:1/0"),
        ("redis+sentinel://u:pw@a:1,b:2/main", "redis+sentinel://u:***@a:1,b:2/main"),
        ("unix:///a/b:c", "unix:///a/b:c"),
        ("postgresql://u@h/n", "postgresql://u@h/n"),
    ],
)
def test_addresses_show_no_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


MAIL = {
    "OPENLINE_SMTP_URL": "smtp://me:hidden@mail.example:587",
    "OPENLINE_MAIL_FROM": "Openline <no-reply@line.example>",
    "OPENLINE_BASE_URL": "https://line.example/",
}


def test_mail_needs_a_server_a_sender_and_where_links_lead(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path}, MAIL)
    assert (config.base_url, config.mail_from) == ("https://line.example", MAIL["OPENLINE_MAIL_FROM"])
    assert "hidden" not in repr(config)
    assert load({"state_dir": tmp_path}, {}).smtp == ""
    for name in ("OPENLINE_MAIL_FROM", "OPENLINE_BASE_URL"):
        with pytest.raises(ConfigError, match=name):
            load({"state_dir": tmp_path}, MAIL | {name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENLINE_SMTP_URL", "mail.example:587"),
        ("OPENLINE_SMTP_URL", "smtp://me:hidden@mail.example?starttls=never"),
        ("OPENLINE_MAIL_FROM", "Openline"),
        ("OPENLINE_MAIL_FROM", "a@line.example\r\nBcc: b@line.example"),
        ("OPENLINE_BASE_URL", "line.example"),
        ("OPENLINE_BASE_URL", "https://line.example/path"),
        ("OPENLINE_BASE_URL", "https://me:hidden@line.example"),
        ("OPENLINE_BASE_URL", "javascript://line.example"),
    ],
)
def test_a_wrong_mail_setting_is_named_without_its_password(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as refused:
        load({"state_dir": tmp_path}, MAIL | {name: value})
    assert "hidden" not in str(refused.value)
