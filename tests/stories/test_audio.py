"""An audio call between two browsers: the right tone arrives on the far side, and a way on where it can't."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.stories.people import ADA
from tests.stories.scene import Person, Scene

pytestmark = pytest.mark.browser

TONE = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const sound = new AudioContext();
  const far = sound.createMediaStreamDestination();
  const tone = new OscillatorNode(sound, { frequency: %d });
  tone.connect(far);
  tone.start();
  await sound.resume();
  return far.stream;
};"""
REFUSED = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException("the person said no", "NotAllowedError");
};"""
LOUDEST = """async (call) => {
  if (!call.theirs) return { hz: 0, db: null };
  const sound = new AudioContext();
  const analyser = new AnalyserNode(sound, { fftSize: 8192, smoothingTimeConstant: 0 });
  sound.createMediaStreamSource(call.theirs).connect(analyser);
  await sound.resume();
  await new Promise((heard) => setTimeout(heard, 400));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const at = bins.indexOf(Math.max(...bins));
  const found = { hz: (at * sound.sampleRate) / analyser.fftSize, db: bins[at] };
  await sound.close();
  return found;
}"""
AUDIBLE_DB = -50
TONE_HZ = {"Uma": 440, "Ada Quill": 880}


async def hears(listener: Person, hz: float) -> None:
    """Wait until the loudest frequency that comes from the other side is `hz`."""
    async with asyncio.timeout(15):
        while True:
            found = await listener.page.locator("openline-call").evaluate(LOUDEST)
            if found["db"] is not None and found["db"] > AUDIBLE_DB and abs(found["hz"] - hz) < 12:
                return


async def hears_soon(listener: Person, hz: float) -> None:
    """As `hears`, once the call has come about."""
    await expect(listener.part("call-state")).to_have_attribute("data-flowing", "true", timeout=20_000)
    await hears(listener, hz)


async def hears_nothing(listener: Person) -> None:
    async with asyncio.timeout(15):
        while True:
            found = await listener.page.locator("openline-call").evaluate(LOUDEST)
            if found["db"] is None or found["db"] < AUDIBLE_DB:
                return


@pytest.mark.claim("B13", "B38")
@pytest.mark.timeout(90)
async def test_each_side_hears_the_tone_of_the_other(scene: Scene) -> None:
    await scene.begin([ADA])
    may = {"permissions": ["microphone"]}
    ada, uma = await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=TONE % TONE_HZ["Ada Quill"], **may),
        scene.user("uma", init=TONE % TONE_HZ["Uma"], **may),
    )
    await uma.button("Audio call: Ada Quill").click()
    await ada.part("accept").click()
    for person in (ada, uma):
        await expect(person.part("call-state")).to_have_attribute("data-flowing", "true", timeout=20_000)
        await person.connected()
    await hears(uma, TONE_HZ["Ada Quill"])
    await hears(ada, TONE_HZ["Uma"])
    await expect(uma.part("timer")).to_have_text(re.compile(r"^0:0[1-9]|0:[1-9]\d"))

    await uma.part("mute").click()
    await expect(ada.page.locator(".tile.theirs")).to_contain_text("muted")
    await hears_nothing(ada)
    await hears(uma, TONE_HZ["Ada Quill"])
    await expect(uma.part("mute")).to_have_attribute("aria-keyshortcuts", "Alt+M")
    await uma.page.keyboard.press("m")  # alone it may be somebody's dictation
    await expect(uma.part("mute")).to_have_attribute("aria-pressed", "true")
    await uma.page.keyboard.press("Alt+m")
    await hears(ada, TONE_HZ["Uma"])
    await uma.end()
    await ada.sees("Uma ended the session.")


UNPLUG = """({ call }) => {
  window.plugged = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("none", "NotFoundError"); };
  for (const track of call.mine.getAudioTracks()) { track.stop(); track.dispatchEvent(new Event("ended")); }
}"""
HELD = """(panel) => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("held", "NotReadableError"); };
  return panel.call.chooseInput("another");
}"""
PLUG_IN = "() => { navigator.mediaDevices.getUserMedia = window.plugged; }"


@pytest.mark.claim("A2")
@pytest.mark.timeout(90)
async def test_whoever_loses_the_microphone_is_told_and_goes_on_with_another(scene: Scene) -> None:
    await scene.begin([ADA])
    ada, uma = await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=TONE % TONE_HZ["Ada Quill"], permissions=["microphone"]),
        scene.user("uma", init=TONE % TONE_HZ["Uma"], permissions=["microphone"]),
    )
    await uma.button("Audio call: Ada Quill").click()
    await ada.part("accept").click()
    await hears_soon(ada, TONE_HZ["Uma"])
    panel = uma.page.locator("openline-call")
    await panel.evaluate(UNPLUG)
    await uma.sees("No microphone found")
    await hears_nothing(ada)
    await hears(uma, TONE_HZ["Ada Quill"])
    await uma.page.evaluate(PLUG_IN)
    await uma.part("microphone-on").click()
    await hears(ada, TONE_HZ["Uma"])

    await panel.evaluate(HELD)
    await expect(uma.part("not-taken")).to_have_text("The microphone is in use. You are heard through the one before.")
    await hears(ada, TONE_HZ["Uma"])
    await uma.page.evaluate(PLUG_IN)
    await panel.evaluate('(panel) => panel.call.chooseInput("")')
    await expect(uma.part("not-taken")).to_have_count(0)
    await hears(ada, TONE_HZ["Uma"])
    await uma.end()


NOTE_SPEECH = "window.spoken = []; SpeechSynthesis.prototype.speak = (said) => window.spoken.push(said.text);"


@pytest.mark.claim("A2")
@pytest.mark.timeout(90)
async def test_the_last_minute_of_a_call_that_costs_nothing_is_shown_and_said(scene: Scene) -> None:
    await scene.begin([ADA], session_cap_ms=63_000)
    ada, uma = await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=TONE % 880 + NOTE_SPEECH, permissions=["microphone"]),
        scene.user("uma", init=TONE % 440 + NOTE_SPEECH, permissions=["microphone"]),
    )
    await uma.button("Audio call: Ada Quill").click()
    await ada.part("accept").click()
    for person in (ada, uma):
        await expect(person.part("call-state")).to_have_attribute("data-flowing", "true", timeout=20_000)
    for person in (ada, uma):
        await expect(person.part("last-minute")).to_contain_text("Last minute: at")
        [said] = await person.page.evaluate("spoken")
        assert said == (await person.part("last-minute").inner_text()).strip()
    await uma.end()


@pytest.mark.claim("B27")
async def test_who_refuses_the_microphone_goes_on_by_chat(scene: Scene) -> None:
    await scene.begin([ADA])
    ada, uma = await asyncio.gather(
        scene.expert("ada", name="Ada Quill", init=TONE % 880), scene.user("uma", init=REFUSED)
    )
    await uma.button("Audio call: Ada Quill").click()
    await ada.part("accept").click()
    if await uma.part("microphone-on").count():
        await uma.part("microphone-on").click()
    await uma.sees("The microphone is blocked")
    await uma.part("by-chat").click()
    await ada.sees("Uma goes on by chat")
    await uma.say("I can only write")
    await expect(ada.part("message")).to_have_text("I can only write")
    for person in (ada, uma):
        await person.connected()
