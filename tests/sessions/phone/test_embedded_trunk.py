"""What a trunk wants of the embedded telephone: who we are, the number as it writes it, TLS and SRTP."""

import asyncio
import hashlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sessions.phone.embedded.phone import EmbeddedPhone
from sessions.phone.engine import PhoneUnavailable
from tests.sessions.phone.peers import Phone, Script, on
from tests.sessions.phone.suite import Watched
from tests.sessions.phone.tones import loudest_hz, tone
from tests.sessions.phone.trunks import loopback

NUMBER = "+4930123456"
SECURE = ";transport=tls;srtp=mandatory"
SECRET = "s3 cret;=of-ours"


@asynccontextmanager
async def calling(port: int, options: str = "", secret: str = "", caller: str = "") -> AsyncIterator[Watched]:
    """A call to `NUMBER` over a trunk at that port."""
    engine = EmbeddedPhone(loopback(options, secret=secret, port=port))
    try:
        yield Watched(await engine.call(NUMBER, caller=caller, ring_s=10))
    finally:
        await engine.close()


def digest(header: str, method: str, secret: str) -> str:
    """The response that RFC 2617, 3.2.2 wants to the header's own challenge."""
    said = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
    first = hashlib.md5(f"{said['username']}:{said['realm']}:{secret}".encode()).hexdigest()
    second = hashlib.md5(f"{method}:{said['uri']}".encode()).hexdigest()
    whole = f"{first}:{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}:{second}"
    return hashlib.md5(whole.encode()).hexdigest()


@pytest.mark.sipp
@pytest.mark.parametrize(
    ("status", "asks", "says"),
    [
        ("401 Unauthorized", "WWW-Authenticate", "Authorization"),
        ("407 Proxy Authentication Required", "Proxy-Authenticate", "Proxy-Authorization"),
    ],
)
async def test_who_we_are(tmp_path: Path, status: str, asks: str, says: str) -> None:
    async with on(script := Script(tmp_path / "asks", "asks", status=status, asks=asks)):
        async with calling(script.port, ";auth=account-7", SECRET) as watched:
            await watched.reaches("answered")
            await watched.call.hang_up()
            await script.done()
        said = re.findall(rf"^{says}: Digest (.*)$", script.messages(), re.MULTILINE)
        assert said and 'username="account-7"' in said[0]
        assert f'response="{digest(said[0], "INVITE", SECRET)}"' in said[0]
        assert SECRET not in script.messages()


@pytest.mark.sipp
async def test_a_wrong_secret(tmp_path: Path) -> None:
    script = Script(tmp_path / "asks", "asks_again", status="401 Unauthorized", asks="WWW-Authenticate")
    async with on(script), calling(script.port, "", "wrong") as watched:
        await watched.ends()
        assert (watched.last.ended, watched.last.code) == ("failed", 401)
        await script.done()


@pytest.mark.sipp
@pytest.mark.parametrize(("form", "written"), [("+", "+4930123456"), ("00", "004930123456"), ("plain", "4930123456")])
async def test_numbers_as_the_trunk_writes_them(tmp_path: Path, form: str, written: str) -> None:
    async with on(script := Script(tmp_path / "refuse", "refuse", code="486")):
        options = f";format={form};caller=+4940111111;realm=line.example"
        async with calling(script.port, options, caller="+4940222222") as watched:
            await watched.ends()
            await script.done()
        invite = script.messages().partition("INVITE ")[2].partition("\r\n\r\n")[0]
        prefix = written.removesuffix("4930123456")
        assert invite.startswith(f"sip:{written}@127.0.0.1:{script.port}")
        assert re.search(rf"^From: <sip:{re.escape(prefix)}4940111111@line.example", invite, re.MULTILINE)
        assert f"P-Preferred-Identity: <sip:{prefix}4940222222@line.example>" in invite


@pytest.mark.sipp
async def test_only_what_the_trunk_speaks_is_offered(tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "refuse", "refuse", code="486")):
        async with calling(script.port, ";codecs=PCMU;rtp=21200-21209") as watched:
            await watched.ends()
            await script.done()
        assert "PCMU/8000" in script.messages() and "PCMA" not in script.messages()
        assert re.search("m=audio 2120[0-9] ", script.messages())
        assert "opus" not in script.messages() and "m=video" not in script.messages()


@pytest.mark.sipp
async def test_being_sent_elsewhere_is_not_followed(tmp_path: Path) -> None:
    """Who is called, and at whose cost, is not for an answer to say."""
    script = Script(tmp_path / "refuse", "refuse", code="302")
    async with on(script), calling(script.port) as watched:
        await watched.ends()
        assert (watched.last.ended, watched.last.code) == ("failed", 302)
        await script.done()
    assert len(re.findall("^INVITE ", script.messages(), re.MULTILINE)) == 1


@pytest.mark.sipp
async def test_over_tcp(tmp_path: Path) -> None:
    script = Script(tmp_path / "answer", "answer", transport="t1")
    async with on(script), calling(script.port, ";transport=tcp") as watched:
        await watched.reaches("answered")
        await watched.call.hang_up()
        await script.done()


async def test_no_trunk_there(tmp_path: Path) -> None:
    async with calling(9, ";transport=tcp") as watched:
        await watched.ends()
        assert (watched.last.ended, watched.last.code) == ("failed", 0)


@pytest.mark.sipp
async def test_a_trunk_that_wants_us_registered(tmp_path: Path) -> None:
    async with on(script := Script(tmp_path / "registrar", "registrar")):
        engine = EmbeddedPhone(loopback(";register=600", secret=SECRET, port=script.port))
        await engine.start()
        await script.done()
        said = re.findall(r"^Authorization: Digest (.*)$", script.messages(), re.MULTILINE)
        assert f'response="{digest(said[0], "REGISTER", SECRET)}"' in said[0]
        assert engine.worker_pid
        await engine.close()


async def test_a_trunk_that_does_not_take_us(tmp_path: Path) -> None:
    engine = EmbeddedPhone(loopback(";transport=tcp;register=600"))
    with pytest.raises(PhoneUnavailable, match="down"):
        await engine.call(NUMBER)
    assert engine.free_lines() == 10
    both = await asyncio.gather(engine.call(NUMBER), engine.call(NUMBER), return_exceptions=True)
    assert [type(one) for one in both] == [PhoneUnavailable] * 2, "also who waited while it tried"
    assert engine.free_lines() == 10
    await engine.close()


@pytest.mark.baresip
async def test_tls_with_srtp(tmp_path: Path) -> None:
    certificate = made_certificate(tmp_path)
    phone = secure_phone(tmp_path, certificate, ";mediaenc=srtp-mand")
    async with on(phone), calling(phone.port + 1, f"{SECURE};ca={certificate}") as watched:
        await watched.reaches("answered")
        await watched.says(tone(900, 1.0), 8000)
        await watched.call.hang_up()
        await phone.sees("CALL_CLOSED")
        assert abs(loudest_hz(b"".join(watched.frames)[8000:]) - 440) < 5
        assert abs(loudest_hz(phone.heard()[-8000:]) - 900) < 10


@pytest.mark.baresip
async def test_sound_in_the_clear_is_no_way_out(tmp_path: Path) -> None:
    certificate = made_certificate(tmp_path)
    phone = secure_phone(tmp_path, certificate)
    async with on(phone), calling(phone.port + 1, f"{SECURE};ca={certificate}") as watched:
        await watched.ends()
        assert watched.last.ended == "failed" and not watched.frames


@pytest.mark.baresip
async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    phone = secure_phone(tmp_path, made_certificate(tmp_path), ";mediaenc=srtp-mand")
    async with on(phone), calling(phone.port + 1, SECURE) as watched:
        await watched.ends()
        assert watched.last.ended == "failed" and not phone.events


@pytest.mark.baresip
@pytest.mark.parametrize(("name", "news"), [("localhost", "answered"), ("line.example", "ended")])
async def test_a_certificate_of_another_host(tmp_path: Path, name: str, news: str) -> None:
    """Vouched for, but for another name: the call ends before it rings."""
    certificate = made_certificate(tmp_path, f"DNS:{name}")
    phone = secure_phone(tmp_path, certificate, ";mediaenc=srtp-mand")
    async with on(phone):
        words = (sys.executable, "-c", BY_NAME, str(certificate), str(phone.port + 1))
        stack = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        said, _ = await asyncio.wait_for(stack.communicate(), 20)
        assert said.decode().split()[-1] == news
        assert bool(phone.events) is (news == "answered")


BY_NAME = """
import asyncio, os, sys
from sessions.phone.embedded import stack
from sessions.phone.trunk import Trunk

stack.SETTINGS += "dns_getaddrinfo yes\\n"  # the stack's own resolver doesn't know localhost

async def call():
    told = asyncio.Queue()
    where = dict(user="us", host="localhost", port=int(sys.argv[2]), local="127.0.0.1", ca=sys.argv[1])
    one = stack.Stack(Trunk(**where, transport="tls", srtp="mandatory"), told.put_nowait, lambda: os._exit(1))
    await one.start()
    await one.dial(1, "sip:+4930123456@localhost:%s;transport=tls" % sys.argv[2], "")
    while (news := await told.get()).state == "ringing":
        pass
    print(news.state, flush=True)
    await one.close()

asyncio.run(asyncio.wait_for(call(), 15))
"""


def secure_phone(folder: Path, certificate: Path, account: str = "") -> Phone:
    return Phone(
        folder / "phone", user=NUMBER, more=f"sip_certificate {certificate}\n", account=f";transport=tls{account}"
    )


def made_certificate(folder: Path, name: str = "IP:127.0.0.1") -> Path:
    """Key and self-signed certificate of a name in one file."""
    key, certificate, both = (folder / name for name in ("key.pem", "certificate.pem", "both.pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=phone",
         "-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    both.write_text(key.read_text() + certificate.read_text())
    return both


@pytest.mark.sipp
async def test_nobody_calls_us(tmp_path: Path) -> None:
    """Whoever knows our address and calls it is refused."""
    async with on(script := Script(tmp_path / "answer", "answer")), calling(script.port) as watched:
        await watched.reaches("answered")
        contact = re.search(r"^Contact: <sip:([^@]+)@127.0.0.1:(\d+)", script.messages(), re.MULTILINE)
        assert contact
        answer = await rung(f"sip:{contact[1]}@127.0.0.1:{contact[2]}", int(contact[2]))
        assert re.match(r"SIP/2.0 [46]\d\d ", answer)
        await watched.call.hang_up()
        await script.done()


async def rung(address: str, port: int) -> str:
    """The final answer to an INVITE of ours."""
    answers: asyncio.Queue[str] = asyncio.Queue()

    class Caller(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            answers.put_nowait(data.decode())

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Caller, remote_addr=("127.0.0.1", port))
    here = transport.get_extra_info("sockname")[1]
    sdp = "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
    transport.sendto(
        (
            f"INVITE {address} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{here};branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
            f"From: <sip:stranger@127.0.0.1:{here}>;tag=1\r\nTo: <{address}>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:stranger@127.0.0.1:{here}>\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(sdp)}\r\n\r\n{sdp}"
        ).encode()
    )
    try:
        while (answer := await asyncio.wait_for(answers.get(), 3)).startswith("SIP/2.0 1"):
            pass
    finally:
        transport.close()
    return answer
