/** A soft two-note ring, made on the spot: no file to load, and it stays quiet until the person has touched the page. */
export interface Chime {
  /** In a gesture: wakes the audio. */
  prepare(): void;
  /** Rings until `quiet`. */
  ring(): void;
  quiet(): void;
}

const EVERY_MS = 2500;
const NOTES = [
  { hertz: 659.3, at: 0 },
  { hertz: 880, at: 0.18 },
];

let audio: AudioContext | null = null;

export function chime(): Chime {
  let timer = 0;
  return {
    prepare: () => {
      audio ??= typeof AudioContext === "undefined" ? null : new AudioContext();
      if (audio?.state === "suspended") audio.resume().catch(() => {}); // Not a gesture after all: silent, the title still tells.
    },
    ring: () => {
      clearInterval(timer);
      play();
      timer = setInterval(play, EVERY_MS) as unknown as number;
    },
    quiet: () => clearInterval(timer),
  };
}

function play(): void {
  if (audio?.state !== "running") return;
  for (const note of NOTES) tone(audio, note.hertz, audio.currentTime + note.at);
}

function tone(context: AudioContext, hertz: number, at: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.16, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.7);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.75);
}
