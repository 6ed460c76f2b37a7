"""Settings of accounts kept elsewhere: what is accepted, and which words say what is wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from server.config import Config, ConfigError, load
from tests.identity.elsewhere import key
from tests.repo.house import ROOT

SITE = {
    "pool": "demo", "issuer": "https://shop.example", "audience": "openline", "prefix": "shop",
    "algorithms": ["RS256"], "jwks_url": "https://shop.example/jwks",
}  # fmt: skip
PROVIDER = {
    "name": "Mail Example", "issuer": "https://id.example", "client_id": "c", "client_secret": "s3cret",
    "pools": ["demo"],
}  # fmt: skip


def loaded(tmp_path: Path, **env: Any) -> Config:
    said = {f"OPENLINE_{name}": value if isinstance(value, str) else json.dumps(value) for name, value in env.items()}
    return load({"state_dir": tmp_path}, said)


def without(given: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names} | more


def test_good_ones_from_the_environment_and_from_a_file(tmp_path: Path) -> None:
    fixed = without(SITE, "jwks_url", pool="other", keys=[key().pem])
    config = loaded(tmp_path, HOSTS_JWT=[SITE, fixed], OIDC=[PROVIDER])
    assert [site.pool for site in config.host_sites] == ["demo", "other"]
    assert config.oidc[0].algorithms == ("RS256", "ES256", "EdDSA")
    (tmp_path / "hosts.json").write_text(json.dumps([SITE]))
    assert loaded(tmp_path, HOSTS_JWT=str(tmp_path / "hosts.json")).host_sites == config.host_sites[:1]
    assert (loaded(tmp_path).host_sites, loaded(tmp_path).oidc) == ((), ())
    assert "s3cret" not in f"{config!r} {config.oidc!r} {config.oidc[0]!s}"


PLAIN_HTTP = "http://shop.example/jwks"


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (without(SITE, "audience"), "audience"),
        (without(SITE, algorithms=[]), "algorithms"),
        (without(SITE, algorithms=["HS256"]), "HS256"),
        (without(SITE, algorithms=["none"]), "none"),
        (without(SITE, "jwks_url"), "one of jwks_url"),
        (without(SITE, keys=[key().pem]), "one of jwks_url"),
        (without(SITE, jwks_url=PLAIN_HTTP), "https"),
        (without(SITE, jwks_url="https://user:pass@shop.example/"), "https"),
        (without(SITE, jwks_url="file:///etc/keys"), "https"),
        (without(SITE, issuer="openline"), "our own"),
        (without(SITE, prefix=""), "prefix"),
        (without(SITE, prefix="a-b"), "prefix"),
        (without(SITE, role="guest"), "role"),
        (without(SITE, role_claim="role"), "role_claim and roles"),
        (without(SITE, role_claim="role", roles={"boss": "root"}), "root"),
        (without(SITE, "jwks_url", keys=["-----BEGIN NONSENSE-----"]), "no public key"),
        (without(SITE, "jwks_url", keys=[key().private_pem]), "private key"),
        (without(SITE, "jwks_url", keys=[key().jwk | {"d": "AAAA"}]), "private key"),
        (without(SITE, "jwks_url", keys=[{"kty": "oct", "k": "c2VjcmV0"}]), "no public JWK"),
        (without(SITE, "jwks_url", keys=[key("ES256").pem]), "RS256"),
        (without(SITE, "jwks_url", keys=[key().pem, key(kid="k2").pem]), "kid each"),
        (without(SITE, typo=1), "typo"),
    ],
)
def test_a_wrong_host_site_is_named(tmp_path: Path, site: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"OPENLINE_HOSTS_JWT.*{said}") as refused:
        loaded(tmp_path, HOSTS_JWT=[site])
    assert "PRIVATE KEY-----\n" not in str(refused.value)


def test_sites_of_one_pool_are_told_apart(tmp_path: Path) -> None:
    for second in (without(SITE, prefix="two"), without(SITE, issuer="https://two.example")):
        with pytest.raises(ConfigError, match="of its own"):
            loaded(tmp_path, HOSTS_JWT=[SITE, second])
    both = [SITE, without(SITE, issuer="https://two.example", prefix="two")]
    assert len(loaded(tmp_path, HOSTS_JWT=both).host_sites) == 2


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (without(PROVIDER, issuer="http://id.example"), "https"),
        (without(PROVIDER, scope="email"), "openid"),
        (without(PROVIDER, pools=[]), "pools"),
        (without(PROVIDER, pools=["demo", "demo"]), "one provider"),
        (without(PROVIDER, "client_id"), "client_id"),
        (without(PROVIDER, algorithms=["HS256"]), "HS256"),
    ],
)
def test_a_wrong_provider_is_named(tmp_path: Path, provider: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"OPENLINE_OIDC.*{said}") as refused:
        loaded(tmp_path, OIDC=[provider])
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("text", ["{}", "[1]", "[", "nowhere.json", "[{}]"])
def test_what_is_no_list_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="OPENLINE_HOSTS_JWT must be a JSON list"):
        loaded(tmp_path, HOSTS_JWT=text)


def test_the_examples_of_the_readme_are_good(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    told = dict(re.findall(r"^export OPENLINE_(HOSTS_JWT|OIDC)='(.*?)'", readme, re.M | re.S))
    config = loaded(tmp_path, **told)
    assert [site.pool for site in config.host_sites] == config.oidc[0].pools == ["support"]
