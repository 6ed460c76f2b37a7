"""Settings of one server: from the command line, else from OPENLINE_* in the environment, else the defaults here."""

import base64
import hashlib
import os
import re
import secrets
import shlex
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from ground.embedded import FSYNCS, Fsync
from identity.outside.settings import HostSite, Provider, providers_problem, sites_problem
from identity.tokens import SECRET_MIN, Secret
from mail.address import mailbox
from mail.relay import parse_relay
from server.config_media import MediaProblem, MediaSettings, media_of
from server.config_phone import PhoneProblem, PhoneSettings, phone_of
from server.config_processor import ProcessorProblem, processor_of
from server.config_turn import turn_of
from sessions.turn import TurnProblem, TurnServers

T = TypeVar("T")
_MAIL_NEEDS = {
    "MAIL_FROM": "the sender of all mails, such as Openline <no-reply@line.example>",
    "BASE_URL": "where the links in mails lead, such as https://line.example",
}
SECRET_FILE = "secret"  # noqa: S105 - a file name
OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")


class ConfigError(ValueError):
    """A setting is wrong or missing. The text names it and says the way out; it never holds a secret."""


class IceServer(Struct, frozen=True, forbid_unknown_fields=True):
    """A STUN or TURN server as browsers take it (RTCIceServer)."""

    urls: list[str]
    username: str = ""
    credential: str = ""


class Config(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """All that a server process has to know. Built by `load`, handed to `server.app.create_app`.

    `store` and `database` are addresses; `embedded` says that the store is this server's own child, which then keeps
    its file as `store_fsync` says.
    `origins` are the exact origins that may open a socket, besides the server's own hosts; `hosts` are the accepted
    Host headers; `trusted_proxies` are the addresses whose X-Forwarded-* headers count. The first of `keys` signs, all
    verify. `demo` makes up users for whoever asks. `base_url` is where people reach the server, for links in mails;
    `smtp` the mail server's address (without one, mails wait in the outbox for the operators' eyes), `mail_from` the
    sender of all mails. `host_sites` are the sites whose own users come with tokens, `oidc` the providers where people
    may sign in. `stripe_key` and `stripe_webhook_secret` are of the card processor ("": nobody can pay in),
    `stripe_api` its address when it is not Stripe's own. For `turn`, credentials are made per call and side.
    `recordings_dir` and `files_dir` are shared by all servers, the first by media workers, too (None: in the state
    folder). `scan_command` looks at each file of a chat (none: nobody does).
    `media` is about the media workers, which carry what costs something, `phone` about their way to telephones.
    """

    store: str
    database: str
    keys: tuple[Secret, ...]
    state_dir: Path
    embedded: bool = False
    store_fsync: Fsync = "always"
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = OWN_NAMES
    trusted_proxies: tuple[str, ...] = ()
    ice_servers: tuple[IceServer, ...] = ()
    turn: TurnServers | None = None
    recordings_dir: Path | None = None
    files_dir: Path | None = None
    scan_command: tuple[str, ...] = ()
    media: MediaSettings = MediaSettings()
    phone: PhoneSettings = PhoneSettings()
    base_url: str = ""
    smtp: str = ""
    mail_from: str = ""
    host_sites: tuple[HostSite, ...] = ()
    oidc: tuple[Provider, ...] = ()
    stripe_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api: str = ""
    demo: bool = False

    @property
    def is_reached_here_only(self) -> bool:
        """Whether nobody comes from another machine."""
        return all(host in OWN_NAMES for host in self.hosts)

    @property
    def recordings(self) -> Path:
        """The folder of recordings."""
        return self.recordings_dir or self.state_dir / "recordings"

    @property
    def files(self) -> Path:
        """The folder of the files of chats."""
        return self.files_dir or self.state_dir / "files"

    def __repr__(self) -> str:
        """Safe for logs: no secret, no password, no TURN credential."""
        return (
            f"Config(store={without_password(self.store)!r}, database={without_password(self.database)!r}, "
            f"host={self.host!r}, port={self.port}, workers={self.workers}, origins={self.origins!r}, "
            f"hosts={self.hosts!r}, state_dir={str(self.state_dir)!r})"
        )


def without_password(url: str) -> str:
    """The same address with `***` for its password, for logs and people."""
    return re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", url)


def load(given: dict[str, Any], environ: dict[str, str] | None = None, *, keyless: bool = False) -> Config:
    """Settings from `given` (None and () mean "not given"), else the environment, else the defaults.

    With no store address the store is embedded, and `store` stays "" until `with_store` names the child's socket.
    `keyless` is for a process that signs and verifies nothing: it needs no secret. Raises ConfigError.
    """
    env = dict(os.environ if environ is None else environ)
    values = {name: value for name, value in given.items() if value not in (None, (), "")}
    for name in ("store", "database", "host", "port", "workers", "origins", "hosts", "trusted_proxies", "state_dir"):
        if name not in values and env.get(f"OPENLINE_{name.upper()}"):
            values[name] = env[f"OPENLINE_{name.upper()}"]
    state_dir = Path(values.pop("state_dir", ".openline")).resolve()
    store = str(values.pop("store", ""))
    media = {name: values.pop(f"media_{name}") for name in ("workers", "sessions") if f"media_{name}" in values}
    return Config(
        store=store,
        database=str(values.pop("database", "")) or f"sqlite:///{state_dir / 'openline.db'}",
        keys=() if keyless else _keys(env, state_dir, embedded=not store),
        state_dir=state_dir,
        embedded=not store,
        store_fsync=_fsync(env),
        ice_servers=_ice_servers(env.get("OPENLINE_ICE_SERVERS", "")),
        turn=_turn(env),
        recordings_dir=_folder(env, "OPENLINE_RECORDINGS"),
        files_dir=_folder(env, "OPENLINE_FILES"),
        scan_command=_command(env, "OPENLINE_SCAN_COMMAND"),
        media=_media(env, media),
        phone=_phone(env),
        **_mail(env),
        host_sites=_listed(env, "OPENLINE_HOSTS_JWT", HostSite, sites_problem),
        oidc=_listed(env, "OPENLINE_OIDC", Provider, providers_problem),
        **_processor(env),
        **_checked(values),
    )


def with_store(config: Config, url: str) -> Config:
    """The same settings with the address of the embedded store that has just started."""
    return msgspec.structs.replace(config, store=url)


def handed_down(config: Config) -> str:
    """The settings as a text for the environment of a child process, which other users of the machine can't read."""
    return base64.b64encode(msgspec.msgpack.encode(config, enc_hook=str)).decode()


def taken_up(text: str) -> Config:
    """The settings from such a text."""
    return msgspec.msgpack.decode(base64.b64decode(text), type=Config, dec_hook=lambda kind, value: kind(value))


def make_state_dir(path: Path) -> Path:
    """The state folder, made readable by its owner only."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name in ("port", "workers"):
        if name in values:
            checked[name] = _whole(name, values[name])
    for name in ("origins", "hosts", "trusted_proxies"):
        if name in values:
            checked[name] = _list(values[name])
    for origin in checked.get("origins", ()):
        _check_origin(origin)
    for proxy in checked.get("trusted_proxies", ()):
        _check_proxy(proxy)
    if "host" in values:
        checked["host"] = str(values["host"])
    return checked


def _fsync(env: dict[str, str]) -> Fsync:
    given = env.get("OPENLINE_STORE_FSYNC") or FSYNCS[0]
    for known in FSYNCS:
        if given == known:
            return known
    raise ConfigError(f"OPENLINE_STORE_FSYNC must be {' or '.join(FSYNCS)}, not {given!r}")


def _folder(env: dict[str, str], name: str) -> Path | None:
    return Path(env[name]).resolve() if env.get(name) else None


def _command(env: dict[str, str], name: str) -> tuple[str, ...]:
    """A command with its arguments, as a shell would split it; no shell runs it."""
    try:
        return tuple(shlex.split(env.get(name, "")))
    except ValueError as error:
        raise ConfigError(f"{name} is no command: {error}") from None


def _whole(name: str, value: Any) -> int:
    limit = 65_535 if name == "port" else 256
    try:
        number = int(value)
    except ValueError:
        number = -1
    if not (0 if name == "port" else 1) <= number <= limit:
        raise ConfigError(f"OPENLINE_{name.upper()} (--{name}) must be a whole number up to {limit}, not {value!r}")
    return number


def _list(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip())


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in origin
        or origin != f"{parts.scheme}://{parts.netloc}".lower()
    ):
        raise ConfigError(f"origin {origin!r} is not exact: write it as https://shop.example, without path or star")


def _check_proxy(proxy: str) -> None:
    try:
        ip_network(proxy)
    except ValueError as error:
        raise ConfigError(f"OPENLINE_TRUSTED_PROXIES (--trusted-proxy): {error}; write it as 10.0.0.5") from None


def _mail(env: dict[str, str]) -> dict[str, Any]:
    """Who sends mails, through which server, and where their links lead. A link to nowhere is worse than no mail."""
    base, smtp, sender = (env.get(f"OPENLINE_{name}", "").strip() for name in ("BASE_URL", "SMTP_URL", "MAIL_FROM"))
    base = base.rstrip("/")
    if base:
        _check_base(base)
    for name, value, check in (("SMTP_URL", smtp, parse_relay), ("MAIL_FROM", sender, mailbox)):
        try:
            if value:
                check(value)
        except ValueError as error:
            raise ConfigError(f"OPENLINE_{name}: {error}") from None
    for name, value in (("MAIL_FROM", sender), ("BASE_URL", base)):
        if smtp and not value:
            raise ConfigError(f"OPENLINE_SMTP_URL needs OPENLINE_{name} beside it: {_MAIL_NEEDS[name]}")
    return {"base_url": base, "smtp": smtp, "mail_from": sender}


def _check_base(base: str) -> None:
    if "@" in base:
        raise ConfigError("OPENLINE_BASE_URL holds a user or a password: write it as https://line.example")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or base != f"{parts.scheme}://{parts.netloc}":
        raise ConfigError(f"OPENLINE_BASE_URL {base!r} is no address of ours: write it as https://line.example")


def _processor(env: dict[str, str]) -> dict[str, Any]:
    """Through whom people pay in."""
    try:
        return dict(processor_of(env, env.get("OPENLINE_BASE_URL", "").strip()))
    except ProcessorProblem as problem:
        raise ConfigError(str(problem)) from None


def _turn(env: dict[str, str]) -> TurnServers | None:
    try:
        return turn_of(env)
    except TurnProblem as problem:
        raise ConfigError(str(problem)) from None


def _media(env: dict[str, str], given: dict[str, int]) -> MediaSettings:
    try:
        return media_of(env, **given)
    except MediaProblem as problem:
        raise ConfigError(str(problem)) from None


def _phone(env: dict[str, str]) -> PhoneSettings:
    try:
        return phone_of(env)
    except PhoneProblem as problem:
        raise ConfigError(str(problem)) from None


def _ice_servers(text: str) -> tuple[IceServer, ...]:
    try:
        return tuple(msgspec.json.decode(text, type=list[IceServer])) if text else ()
    except msgspec.MsgspecError:
        raise ConfigError(
            'OPENLINE_ICE_SERVERS must be a JSON list such as [{"urls": ["stun:stun.example.org"]}]'
        ) from None


def _listed(env: dict[str, str], name: str, kind: type[T], problem: Callable[[Sequence[T]], str]) -> tuple[T, ...]:
    """A JSON list in the environment, or in the file that it names there."""
    text = env.get(name, "").strip()
    if not text:
        return ()
    try:
        if not text.startswith("["):
            text = Path(text).read_text("utf-8")
        listed = msgspec.json.decode(text, type=list[kind])  # type: ignore[valid-type]
    except OSError as error:
        raise ConfigError(f"{name} must be a JSON list or the path of one: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ConfigError(f"{name} must be a JSON list: {error}") from None
    if wrong := problem(listed):
        raise ConfigError(f"{name}: {wrong}")
    return tuple(listed)


def _keys(env: dict[str, str], state_dir: Path, *, embedded: bool) -> tuple[Secret, ...]:
    """From OPENLINE_SECRET, the file OPENLINE_SECRET_FILE, or (embedded only) the state folder, made on first use.

    One secret a line; to change it, put a new one in front and take the old one out a day later.
    """
    if text := env.get("OPENLINE_SECRET"):
        return _parse_keys(text, "OPENLINE_SECRET")
    if path := env.get("OPENLINE_SECRET_FILE"):
        return _read_keys(Path(path))
    if not embedded:
        raise ConfigError(
            "set OPENLINE_SECRET_FILE (or OPENLINE_SECRET) when a store is named: all its servers need the same"
        )
    return _own_keys(make_state_dir(state_dir) / SECRET_FILE)


def _own_keys(path: Path) -> tuple[Secret, ...]:
    # Written whole under another name and linked, so that two commands starting at once agree on one secret.
    if not path.exists():
        fresh = path.with_name(f"{SECRET_FILE}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(SECRET_MIN))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return _read_keys(path)


def _read_keys(path: Path) -> tuple[Secret, ...]:
    try:
        return _parse_keys(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"cannot read the secret file {path}: {error.strerror}") from None


def _parse_keys(text: str, where: str) -> tuple[Secret, ...]:
    values = [line.strip().encode() for line in text.splitlines() if line.strip()]
    if not values or any(len(value) < SECRET_MIN for value in values):
        raise ConfigError(f"each secret in {where} must have at least {SECRET_MIN} bytes")
    return tuple(Secret(kid=_name_of(value), value=value) for value in dict.fromkeys(values))


def _name_of(value: bytes) -> str:
    """The name by which tokens call a secret: eight digits of a digest that gives nothing away."""
    return hashlib.blake2b(value, digest_size=4, person=b"openline kid").hexdigest()
