"""Two pages of one Chromium that call our peers: a tone each, an ear for the other side, and their own statistics."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from sessions.media.peer import Peer
from tests.repo.machine import TOOLS

CHROMIUM = next(tool for tool in TOOLS if tool.mark == "browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
BEGIN = """async ({ hz, usedtx }) => {
  globalThis.sound ??= new AudioContext();
  await sound.resume();
  if (!globalThis.microphone) {
    globalThis.tone = new OscillatorNode(sound, { frequency: hz });
    const far = sound.createMediaStreamDestination();
    tone.connect(far);
    tone.start();
    globalThis.microphone = far.stream;
  }
  globalThis.pc = new RTCPeerConnection();
  for (const track of microphone.getTracks()) pc.addTrack(track, microphone);
  pc.ontrack = ({ track }) => {
    const stream = new MediaStream([track]);
    const player = new Audio();
    player.srcObject = stream;
    player.play();
    globalThis.ear = new AnalyserNode(sound, { fftSize: 8192, smoothingTimeConstant: 0 });
    sound.createMediaStreamSource(stream).connect(ear);
  };
  const offer = await pc.createOffer();
  if (usedtx) offer.sdp = offer.sdp.replace("useinbandfec=1", "useinbandfec=1;usedtx=1");
  await pc.setLocalDescription(offer);
  return offer.sdp;
}"""
TAKE = """async (sdp) => {
  await pc.setRemoteDescription({ type: "answer", sdp });
}"""
LOUDEST = """() => {
  if (!globalThis.ear) return 0;
  const bins = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(bins);
  const at = bins.indexOf(Math.max(...bins));
  return bins[at] > -50 ? (at * sound.sampleRate) / ear.fftSize : 0;
}"""
STATS = """async () => {
  const found = {};
  for (const one of (await pc.getStats()).values()) if (one.type.endsWith("bound-rtp")) found[one.type] = one;
  return found;
}"""


class Caller:
    """A page that calls."""

    def __init__(self, page: Page, hz: float) -> None:
        self.page = page
        self.hz = hz

    async def call(self, peer: Peer, *, usedtx: bool = False) -> None:
        offer = await self.page.evaluate(BEGIN, {"hz": self.hz, "usedtx": usedtx})
        await self.page.evaluate(TAKE, await peer.answer(offer))

    async def loudest_hz(self) -> float:
        return float(await self.page.evaluate(LOUDEST))

    async def stats(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = await self.page.evaluate(STATS)
        return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM.path(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def callers(*tones: float) -> AsyncIterator[list[Caller]]:
    """Pages of their own contexts; `about:blank` is enough, since nothing is asked of a microphone."""
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium())
        contexts = [await browser.new_context() for _ in tones]
        yield [Caller(await context.new_page(), hz) for context, hz in zip(contexts, tones, strict=True)]
