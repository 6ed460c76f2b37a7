/** The person's microphone and the devices of this machine. */

export type MicrophoneTrouble = "refused" | "missing" | "busy" | "insecure" | "failed";

/** No microphone, and why. */
export class MicrophoneError extends Error {
  constructor(readonly trouble: MicrophoneTrouble) {
    super(trouble);
    this.name = "MicrophoneError";
  }
}

export interface Devices {
  inputs: readonly MediaDeviceInfo[];
  outputs: readonly MediaDeviceInfo[];
}

const TROUBLE: Readonly<Record<string, MicrophoneTrouble>> = {
  NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing",
  DevicesNotFoundError: "missing", NotReadableError: "busy", AbortError: "busy",
};

/** A stream with one audio track; asks the person when they have not been asked. Raises MicrophoneError. */
export async function openMicrophone(device: string): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError("insecure");
  const wishes: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  if (device) wishes.deviceId = { ideal: device };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: wishes, video: false });
  } catch (error) {
    throw new MicrophoneError(TROUBLE[(error as DOMException).name] ?? "failed");
  }
}

/** Whether the person has already allowed the microphone, so that nothing would pop up. */
export async function isMicrophoneAllowed(): Promise<boolean> {
  try {
    const status = await navigator.permissions.query({ name: "microphone" as PermissionName });
    return status.state === "granted";
  } catch {
    return false;
  }
}

/** The audio devices that have a name (names are only told once the microphone is allowed). */
export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  const of = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.label);
  return { inputs: of("audioinput"), outputs: of("audiooutput") };
}

export function stopTracks(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
