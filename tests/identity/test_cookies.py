"""The sign-in of a browser."""

from http.cookies import SimpleCookie

import pytest

from identity import cookies
from identity.tokens import Identity, Member, Secret, TokenRefused, Tokens

NOW = 1_750_000_000_000
TOKENS = Tokens([Secret(kid="k", value=b"s" * 32)])


def who(role: Member = "user", pool: str = "demo", subject: str = "u1") -> Identity:
    return Identity(pool=pool, role=role, subject=subject, name="Uma", expires_at=0, token_id="")


def sent_back(*headers: str) -> str:
    """The Cookie header that a browser makes of Set-Cookie headers."""
    return "; ".join(header.split(";")[0] for header in headers)


def test_the_cookie_can_be_read_by_no_script_and_is_sent_to_no_other_site() -> None:
    parsed = SimpleCookie(cookies.sign_in(TOKENS, who(), now=NOW, secure=True))
    (name, morsel), = parsed.items()  # fmt: skip
    assert name == "__Host-openline-user-demo"
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"], morsel["path"]) == (True, True, "Lax", "/")
    assert morsel["domain"] == ""
    assert "Secure" not in cookies.sign_in(TOKENS, who(), now=NOW, secure=False)


def test_it_signs_in_for_twelve_hours() -> None:
    header = sent_back(cookies.sign_in(TOKENS, who(), now=NOW, secure=False))
    late = NOW + 12 * 3_600_000
    found = cookies.read(TOKENS, header, "demo", ["user"], now=late - 1, secure=False)
    assert found is not None
    assert (found.subject, found.role, found.expires_at) == ("u1", "user", late)
    with pytest.raises(TokenRefused, match="expired"):
        cookies.read(TOKENS, header, "demo", ["user"], now=late, secure=False)


def test_one_browser_holds_several_roles_and_pools() -> None:
    header = sent_back(
        cookies.sign_in(TOKENS, who("user"), now=NOW, secure=False),
        cookies.sign_in(TOKENS, who("expert", subject="ada"), now=NOW, secure=False),
        cookies.sign_in(TOKENS, who("expert", "other", "bob"), now=NOW, secure=False),
        "theme=dark",
    )

    def subject(pool: str, *roles: Member) -> str | None:
        found = cookies.read(TOKENS, header, pool, roles, now=NOW, secure=False)
        return found.subject if found else None

    assert subject("demo", "user") == "u1"
    assert subject("demo", "operator", "expert", "user") == "ada"
    assert subject("other", "expert") == "bob"
    assert subject("other", "user", "operator") is None


def test_a_cookie_is_no_socket_token_and_a_socket_token_no_cookie() -> None:
    cookie = sent_back(cookies.sign_in(TOKENS, who(), now=NOW, secure=False))
    with pytest.raises(TokenRefused, match="wrong_audience"):
        TOKENS.verify(cookie.partition("=")[2], "demo", now=NOW)
    token = TOKENS.issue("demo", "user", "u1", now=NOW)
    with pytest.raises(TokenRefused, match="wrong_audience"):
        cookies.read(TOKENS, f"openline-user-demo={token}", "demo", ["user"], now=NOW, secure=False)


def test_a_cookie_under_another_name_is_refused() -> None:
    """A user who renames the cookie is no operator, nor a member of another pool."""
    value = sent_back(cookies.sign_in(TOKENS, who(), now=NOW, secure=False)).partition("=")[2]
    with pytest.raises(TokenRefused, match="bad_claims"):
        cookies.read(TOKENS, f"openline-operator-demo={value}", "demo", ["operator"], now=NOW, secure=False)
    with pytest.raises(TokenRefused, match="wrong_audience"):
        cookies.read(TOKENS, f"openline-user-other={value}", "other", ["user"], now=NOW, secure=False)


def test_over_https_only_the_host_bound_cookie_counts() -> None:
    plain = sent_back(cookies.sign_in(TOKENS, who(), now=NOW, secure=False))
    assert cookies.read(TOKENS, plain, "demo", ["user"], now=NOW, secure=True) is None


@pytest.mark.parametrize("header", ["", ";;", "=", "openline-user-demo", "openline-user-demo=", "a=b; c"])
def test_a_header_without_it_is_nobody(header: str) -> None:
    assert cookies.read(TOKENS, header, "demo", ["user"], now=NOW, secure=False) is None


def test_an_endless_header_is_refused() -> None:
    with pytest.raises(TokenRefused, match="malformed"):
        cookies.read(TOKENS, "a=b;" * 5000, "demo", ["user"], now=NOW, secure=False)


def test_signing_out_takes_the_same_cookie_away() -> None:
    gone = cookies.sign_out("demo", "user", secure=True)
    assert gone.startswith("__Host-openline-user-demo=; ")
    assert "Max-Age=0" in gone
