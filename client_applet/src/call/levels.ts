/** How loud samples are, as a share of a meter. Pure. */

const FLOOR_DB = -60;
const CEILING_DB = -6;

/** 0 (quiet) to 1 (loud) for samples between -1 and 1: root mean square on a decibel scale from -60 to -6. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}

/** A meter rises at once and falls slowly, so that the eye can follow. */
export const settle = (shown: number, now: number): number => (now >= shown ? now : Math.max(now, shown - 0.08));
