import { loudness, settle } from "./levels";

const FRAME_MS = 66;

interface Meter {
  source: MediaStreamAudioSourceNode;
  analyser: AnalyserNode;
  samples: Float32Array<ArrayBuffer>;
  shown: number;
}

export type Channel = "mine" | "theirs";

/** Measures how loud the two sides are, fifteen times a second while the page is visible. */
export class Meters {
  private context: AudioContext | null = null;
  private meters = new Map<Channel, Meter>();
  private frame = 0;
  private last = 0;

  constructor(private readonly show: (channel: Channel, level: number) => void) {}

  /** Measures this stream from now on, or nothing when it is null. */
  attach(channel: Channel, stream: MediaStream | null): void {
    this.meters.get(channel)?.source.disconnect();
    this.meters.delete(channel);
    if (stream?.getAudioTracks().length) this.meters.set(channel, this.measure(stream));
    else this.show(channel, 0);
    if (this.meters.size > 0 && !this.frame) this.frame = requestAnimationFrame(this.tick);
  }

  /** A page that was opened without a gesture starts its audio asleep. */
  wake(): void {
    if (this.context?.state === "suspended") void this.context.resume();
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.meters.clear();
    void this.context?.close();
    this.context = null;
  }

  private measure(stream: MediaStream): Meter {
    this.context ??= new AudioContext();
    this.wake();
    const source = this.context.createMediaStreamSource(stream);
    const analyser = new AnalyserNode(this.context, { fftSize: 512 });
    source.connect(analyser);
    return { source, analyser, samples: new Float32Array(analyser.fftSize), shown: 0 };
  }

  private readonly tick = (now: number): void => {
    this.frame = this.meters.size > 0 ? requestAnimationFrame(this.tick) : 0;
    if (now - this.last < FRAME_MS) return;
    this.last = now;
    for (const [channel, meter] of this.meters) {
      meter.analyser.getFloatTimeDomainData(meter.samples);
      meter.shown = settle(meter.shown, loudness(meter.samples));
      this.show(channel, meter.shown);
    }
  };
}
