"""What the doctor says of TURN, asked of a real coturn that runs by the file that we ship, and of worse ones."""

from pathlib import Path

import pytest

from server.doctor_turn import judge, turn
from server.findings import Finding
from sessions.turn import turn_servers
from sessions.turn_probe import NEVER_PEERS, TurnAnswer
from tests.ports import free_port
from tests.sessions.turning import SECRET, Coturn, coturn

pytestmark = [pytest.mark.coturn, pytest.mark.claim("A2")]


def ways(there: Coturn) -> str:
    host = f"[{there.host}]" if ":" in there.host else there.host
    udp, tcp = f"turn:{host}:{there.port}?transport=udp", f"turn:{host}:{there.port}?transport=tcp"
    return f"{udp},{tcp},turns:{host}:{there.tls_port}?transport=tcp"


async def found(there: Coturn, secret: str = SECRET) -> list[Finding]:
    return await turn(turn_servers(ways(there), [secret]))


async def test_all_is_well_with_the_file_that_we_ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "turn.pem"))
    with coturn(tmp_path) as there:
        assert [one.verdict for one in await found(there)] == ["ok"] * 3
        assert [one.verdict for one in await found(there)] == ["ok"] * 3, "what it was given, it gave back"


async def test_by_ipv6(tmp_path: Path) -> None:
    with coturn(tmp_path, "allocation-default-address-family=keep", host="::1") as there:
        udp, tcp, _ = await found(there)
        assert (udp.verdict, tcp.verdict) == ("ok", "ok"), (udp, tcp)


async def test_a_certificate_that_no_browser_trusts(tmp_path: Path) -> None:
    with coturn(tmp_path) as there:
        udp, tcp, tls = await found(there)
        assert (udp.verdict, tcp.verdict, tls.verdict) == ("ok", "ok", "fail")
        assert "won't trust its certificate" in tls.text and "cert and pkey" in tls.way_out


async def test_another_secret(tmp_path: Path) -> None:
    with coturn(tmp_path) as there:
        udp, tcp, _ = await found(there, "another-secret-of-more-than-thirty-two-characters")
        assert (udp.verdict, tcp.verdict) == ("fail", "fail")
        assert "does not take our credentials" in udp.text and "static-auth-secret" in udp.way_out
        assert SECRET not in str(udp)


async def test_one_that_sends_into_its_own_network(tmp_path: Path) -> None:
    with coturn(tmp_path, without="denied-peer-ip") as there:
        udp, *_ = await found(there)
        assert udp.verdict == "fail" and "169.254.169.254" in udp.text and "10.255.255.254" in udp.text
        assert "turnserver.conf" in udp.way_out


@pytest.mark.timeout(30)
async def test_nobody_there() -> None:
    url = f"turn:127.0.0.1:{free_port()}"
    udp, tcp = await turn(turn_servers(f"{url}?transport=udp,{url}?transport=tcp", [SECRET]))
    assert (udp.verdict, tcp.verdict) == ("fail", "fail")
    assert "OPENLINE_TURN_URLS" in udp.way_out


def test_what_answers_mean() -> None:
    assert judge("turn:a", TurnAnswer(refused=486)).text == "turn:a: gives no allocation (code 486)"
    assert judge("turn:a", TurnAnswer(sends_to=NEVER_PEERS[:1])).verdict == "fail"
    assert judge("turn:a", TurnAnswer()).verdict == "ok"
