"""What an operator configures of accounts kept elsewhere: host sites and OpenID providers."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from identity.tokens import ISSUER, Member
from identity.web_keys import Algorithm, PublicKey, check_url, pem_key, read_keys

ALGORITHMS: Final[tuple[Algorithm, ...]] = ("RS256", "ES256", "EdDSA")
Text = Annotated[str, Meta(min_length=1, max_length=500)]


class HostSite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site whose tokens one pool accepts. Its keys are at a `jwks_url`, in a `jwks_file`, or here in `keys` (PEM or
    JWK), and verify the pinned `algorithms` alone.

    `prefix` goes before every subject, so that no site's user is another's or one of ours. The role is `role`, whatever
    a token says, unless `role_claim` names a claim and `roles` says which of its values is which role.
    """

    pool: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$(?!\n)")]
    issuer: Text
    audience: Text
    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.]{0,15}$(?!\n)")]
    algorithms: Annotated[list[Algorithm], Meta(min_length=1)]
    jwks_url: str = ""
    jwks_file: str = ""
    keys: list[str | dict[str, Any]] = []
    role: Member = "user"
    role_claim: str = ""
    roles: dict[str, Member] = {}


def sites_problem(sites: Sequence[HostSite]) -> str:
    """What is wrong with a list of sites, in words; "" when nothing is."""
    for site in sites:
        if [bool(site.jwks_url), bool(site.jwks_file), bool(site.keys)].count(True) != 1:
            return f"{site.issuer}: give one of jwks_url, jwks_file and keys"
        if site.issuer == ISSUER:
            return f"the issuer {ISSUER!r} is our own"
        if bool(site.role_claim) != bool(site.roles):
            return f"{site.issuer}: role_claim and roles go together"
        try:
            if site.jwks_url:
                check_url(site.jwks_url)
            fixed_keys(site)
        except ValueError as error:
            return f"{site.issuer}: {error}"
    pairs = [(site.pool, name) for site in sites for name in (f"iss {site.issuer}", f"prefix {site.prefix}")]
    if len(set(pairs)) < len(pairs):
        return "in one pool every site has an issuer and a prefix of its own"
    return ""


def fixed_keys(site: HostSite) -> list[PublicKey]:
    """The keys that a site gives itself. Raises ValueError."""
    keys = [pem_key(key, site.algorithms) for key in site.keys if isinstance(key, str)]
    jwks = [key for key in site.keys if isinstance(key, dict)]
    if any("d" in key for key in jwks):
        raise ValueError("a private key is among the keys: give its public half, and make a new pair")
    read = read_keys({"keys": jwks}, site.algorithms)
    if len(read) < len(jwks):
        raise ValueError(f"a key is no public JWK for any of {', '.join(site.algorithms)}")
    if len(keys) + len(read) > 1 and not all(key.kid for key in [*keys, *read]):
        raise ValueError("several keys need a kid each; write them as JWK")
    return [*keys, *read]


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID provider that signs people into `pools`; `name` is what its button says.

    It is believed about addresses only where it says that it has verified them.
    """

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    issuer: Text
    client_id: Text
    client_secret: str = ""
    pools: Annotated[list[str], Meta(min_length=1)]
    scope: str = "openid email profile"
    algorithms: Annotated[tuple[Algorithm, ...], Meta(min_length=1)] = ALGORITHMS

    def __repr__(self) -> str:
        return f"Provider(name={self.name!r}, issuer={self.issuer!r}, pools={self.pools!r})"


def providers_problem(providers: Sequence[Provider]) -> str:
    """What is wrong with a list of providers, in words; "" when nothing is."""
    for provider in providers:
        try:
            check_url(provider.issuer)
        except ValueError as error:
            return str(error)
        if "openid" not in provider.scope.split():
            return f"{provider.name}: scope must hold openid"
    pools = [pool for provider in providers for pool in provider.pools]
    return "" if len(set(pools)) == len(pools) else "a pool has one provider at most"
