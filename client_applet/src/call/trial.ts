/** Trying out, before a call, what it will need: a microphone that hears, and a way for the sound. */

import type { LiveClient } from "../core";
import { codeOf } from "../core/errors";
import { asIceServer, newName } from "./call";
import { iceOf } from "./calling";
import { loudness } from "./levels";
import { MicrophoneError, type MicrophoneTrouble, openMicrophone, stopTracks } from "./microphone";
import { offered } from "./offering";

/** How long somebody may keep silent before the microphone counts as one that hears nothing. */
const LISTEN_MS = 6_000;
const LOOK_MS = 66;
/** Between the noise of a room and a voice, on the scale of `loudness`. */
export const AUDIBLE = 0.35;
/** From the first question to sound on its way. */
const WAY_MS = 6_000;

export type Heard = "ok" | "quiet" | "unmeasured" | MicrophoneTrouble;

/** Listens until something can be heard, and lets the microphone go. `show` gets the loudness, 0 to 1. */
export async function tryMicrophone(show: (level: number) => void): Promise<Heard> {
  try {
    const stream = await openMicrophone("");
    try {
      return await listen(stream, show);
    } finally {
      stopTracks(stream);
      show(0);
    }
  } catch (error) {
    return error instanceof MicrophoneError ? error.trouble : "failed";
  }
}

async function listen(stream: MediaStream, show: (level: number) => void): Promise<Heard> {
  const context = new AudioContext();
  try {
    const analyser = new AnalyserNode(context, { fftSize: 512 });
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    for (const until = performance.now() + LISTEN_MS; performance.now() < until; await pause(LOOK_MS)) {
      analyser.getFloatTimeDomainData(samples);
      const level = loudness(samples);
      show(level);
      if (level > AUDIBLE) return "ok";
    }
    // A page that nobody has touched yet measures nothing.
    return context.state === "running" ? "quiet" : "unmeasured";
  } finally {
    void context.close();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => window.setTimeout(resolve, ms));

/** "ok" when a connection to the media server came about, "failed" when not, else the code with which it was refused. */
export async function tryWay(client: LiveClient): Promise<string> {
  const peer = new RTCPeerConnection({ iceServers: (await iceOf(client, "")).map(asIceServer), bundlePolicy: "max-bundle" });
  try {
    peer.addTransceiver("audio");
    const sdp = await offered(peer);
    const answer = await client.request({ t: "media_offer", session: "", peer: newName(), sdp });
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    return (await connects(peer)) ? "ok" : "failed";
  } catch (error) {
    return error instanceof DOMException ? "failed" : codeOf(error);
  } finally {
    peer.close();
  }
}

function connects(peer: RTCPeerConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (connected: boolean) => {
      window.clearTimeout(timer);
      peer.onconnectionstatechange = null;
      resolve(connected);
    };
    const look = () => {
      if (peer.connectionState === "connected") end(true);
      else if (peer.connectionState === "failed") end(false);
    };
    const timer = window.setTimeout(() => end(false), WAY_MS);
    peer.onconnectionstatechange = look;
    look();
  });
}

/** Whether a TURN server lets us through: the way that calls from browser to browser take where nothing else is open. */
export async function tryRelay(client: LiveClient): Promise<"ok" | "failed" | "none"> {
  const servers = (await iceOf(client, "")).filter((one) => one.urls.some((url) => url.startsWith("turn")));
  if (servers.length === 0) return "none";
  const peer = new RTCPeerConnection({ iceServers: servers.map(asIceServer), iceTransportPolicy: "relay" });
  try {
    peer.addTransceiver("audio");
    const found = relayFound(peer);
    await peer.setLocalDescription();
    return (await found) ? "ok" : "failed";
  } catch {
    return "failed";
  } finally {
    peer.close();
  }
}

function relayFound(peer: RTCPeerConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(() => resolve(false), WAY_MS);
    peer.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate === "") return; // the end of one generation of candidates
      window.clearTimeout(timer);
      resolve(candidate !== null);
    };
  });
}
