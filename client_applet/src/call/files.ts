/** Files of a chat on their way: sent to the place that the server names, fetched with a ticket of one use. */

import { codeOf, type LiveClient, newOp, RefusedError, UnansweredError } from "../core";
import type { Fetch, SharedFile } from "../generated/wire";

export const UPLOADS_MAX = 5;
/** Plain text by its name: browsers have a type of their own for each of these, or none. */
const TEXT_ENDINGS = [".txt", ".csv", ".md", ".log"];
/** Pictures that were fetched stay for the page's life, the oldest go first. */
const KEPT_MAX = 40;

/** A file that is being sent. `problem` a refusal's code, "" while all is well. */
export interface Upload {
  key: string;
  file: File;
  caption: string;
  /** 0 to 1. */
  sent: number;
  problem: string;
}

/** The type of a file as the server knows it. */
export function typeOf({ name, type }: Pick<File, "name" | "type">): string {
  return TEXT_ENDINGS.some((ending) => name.toLowerCase().endsWith(ending)) ? "text/plain" : type;
}

/** What a file chooser offers where the server takes these types. */
export const chooses = (types: readonly string[]): string => [...types, ...(types.includes("text/plain") ? TEXT_ENDINGS : [])].join(",");

/** What speaks against a file before anything is sent: a refusal's code, or "". */
export function unfit(file: Pick<File, "name" | "size" | "type">, most: number, types: readonly string[]): string {
  if (most === 0) return "no_files";
  if (file.size > most) return "file_too_large";
  if (file.size === 0) return "file_broken";
  return types.includes(typeOf(file)) ? "" : "file_type";
}

/** A file name as the server takes it: one line without slashes, at most 120 characters, its ending kept. */
export function nameFor(name: string): string {
  const plain = name.replace(/[\u0000-\u001f\u007f/\\]/g, "_").trim() || "file";
  const letters = [...plain];
  if (letters.length <= 120) return plain;
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 ? [...plain.slice(dot)].slice(0, 12) : [];
  return [...letters.slice(0, 120 - ending.length), ...ending].join("");
}

/** So many bytes as people say them: 2.4 MB. */
export function sizeOf(bytes: number, language: string): string {
  const [n, unit] = bytes < 1_000_000 ? [Math.max(1, Math.round(bytes / 1000)), "kilobyte"] : [Math.round(bytes / 100_000) / 10, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(n);
}

/** The uploads of one session. They go on while nobody looks: a pop-up that is closed takes no file with it. */
export class Uploads {
  list: readonly Upload[] = [];
  private readonly watchers = new Set<() => void>();
  private readonly running = new Map<string, XMLHttpRequest | null>();
  /** The server takes one file of a person at a time: each waits until the one before is there, or has failed. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: LiveClient,
    private readonly session: string,
  ) {}

  /** Calls `changed` with every step, until what is returned is called. */
  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  /** Begins to send; a file that does not fit stands there with why. False when too many are on their way. */
  add(file: File, caption: string): boolean {
    // Those that can't be sent make room: they have been told.
    const told = this.list.length >= UPLOADS_MAX ? this.list.find((one) => one.problem !== "") : undefined;
    if (told) this.discard(told.key);
    if (this.list.length >= UPLOADS_MAX) return false;
    const { rules } = this.client.store.state.welcome ?? {};
    const problem = unfit(file, rules?.file_max_bytes ?? 0, rules?.file_types ?? []);
    const upload: Upload = { key: newOp(), file, caption, sent: 0, problem };
    this.show([...this.list, upload]);
    if (problem === "") this.enqueue(upload);
    return true;
  }

  again(key: string): void {
    const upload = this.list.find((one) => one.key === key);
    if (!upload || upload.problem === "") return;
    this.put(key, { problem: "", sent: 0 });
    this.enqueue(upload);
  }

  discard(key: string): void {
    this.running.get(key)?.abort();
    this.running.delete(key);
    this.show(this.list.filter((one) => one.key !== key));
  }

  private enqueue(upload: Upload): void {
    const waits = () => this.list.some((one) => one.key === upload.key);
    this.queue = this.queue.then(() => (waits() ? this.send(upload) : undefined));
  }

  /** Each step may be repeated: the same operations find what the first try has done. */
  private async send({ key, file, caption }: Upload): Promise<void> {
    const { client, session } = this;
    this.running.set(key, null);
    try {
      const place = await client.request({ t: "file_place", session, name: nameFor(file.name), type: typeOf(file), size: file.size }, newOp());
      await this.putBytes(key, place, file);
      await client.request({ t: "share", session, file: place.file, text: caption }, key);
      if (this.running.delete(key)) this.discard(key);
    } catch (error) {
      if (this.running.delete(key)) this.put(key, { problem: codeOf(error) });
    }
  }

  private putBytes(key: string, place: Fetch, file: File): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      if (!this.running.has(key)) return reject(new UnansweredError("stopped"));
      this.running.set(key, request);
      request.open("PUT", this.client.server + place.path);
      request.setRequestHeader("Authorization", `Bearer ${place.ticket}`);
      request.setRequestHeader("Content-Type", file.type);
      request.upload.onprogress = (event) => this.put(key, { sent: event.loaded / Math.max(1, event.total) });
      request.onload = () => (request.status < 300 ? resolve() : reject(new RefusedError(codeIn(request.responseText))));
      request.onerror = () => reject(new UnansweredError("connection_lost"));
      request.onabort = () => reject(new UnansweredError("stopped"));
      request.send(file);
    });
  }

  private put(key: string, part: Partial<Upload>): void {
    this.show(this.list.map((one) => (one.key === key ? { ...one, ...part } : one)));
  }

  private show(list: readonly Upload[]): void {
    this.list = list;
    for (const changed of this.watchers) changed();
  }
}

const uploads = new WeakMap<LiveClient, Map<string, Uploads>>();

/** The uploads of a session, the same for whoever asks. */
export function uploadsOf(client: LiveClient, session: string): Uploads {
  const known = uploads.get(client) ?? new Map<string, Uploads>();
  uploads.set(client, known);
  const found = known.get(session) ?? new Uploads(client, session);
  known.set(session, found);
  return found;
}

function codeIn(text: string): string {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === "string" ? code : "internal";
  } catch {
    return "internal";
  }
}

const kept = new Map<string, Promise<string>>();

/** Fetches what a ticket is for, in words of `language` where it has any. Rejects as requests do. */
export async function fetched(client: LiveClient, place: Fetch, language = ""): Promise<Blob> {
  const headers = { Authorization: `Bearer ${place.ticket}`, ...(language ? { "Accept-Language": language } : {}) };
  const answer = await fetch(client.server + place.path, { headers, credentials: "omit" }).catch(() => null);
  if (!answer) throw new UnansweredError("connection_lost");
  if (!answer.ok) throw new RefusedError(codeIn(await answer.text()));
  return answer.blob();
}

/** An address in this page of a file of the session, fetched once. */
export function addressOf(client: LiveClient, session: string, file: SharedFile): Promise<string> {
  const known = kept.get(file.file);
  if (known) return known;
  const address = client.request({ t: "file_of", session, file: file.file }).then((place) => fetched(client, place)).then((blob) => URL.createObjectURL(blob));
  kept.set(file.file, address);
  address.catch(() => kept.delete(file.file));
  if (kept.size > KEPT_MAX) forgetOldest();
  return address;
}

function forgetOldest(): void {
  const [oldest] = kept.keys();
  if (oldest === undefined) return;
  void kept.get(oldest)?.then((address) => URL.revokeObjectURL(address), () => {});
  kept.delete(oldest);
}

/** Saves what is at an address of this page under a name. */
export function save(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
