import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Uploads } from "../../src/call/files";
import type { LiveClient } from "../../src/core";
import { RefusedError } from "../../src/core/errors";
import { reduce } from "../../src/core/reduce";
import { EMPTY } from "../../src/core/state";
import { welcome } from "../core/messages";

const TEXT = "text/plain";
const file = (name: string): File => new File(["hello"], name, { type: TEXT });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Takes what is put there, when the test says so. */
class Place {
  static readonly under_way: Place[] = [];
  static readonly answer = (status: number) => Place.under_way.shift()!.end(status);
  readonly upload = {};
  status = 0;
  responseText = "";
  onload = () => {};
  onabort = () => {};
  open(): void {}
  setRequestHeader(): void {}
  send(): void { Place.under_way.push(this); }
  abort(): void {
    Place.under_way.splice(Place.under_way.indexOf(this), 1);
    this.onabort();
  }
  private end(status: number): void {
    this.status = status;
    this.onload();
  }
}

/** A server that gives a place for one file at a time, as the real one does, and notes what was shared. */
function server() {
  const shared: string[] = [];
  let open = 0;
  const request = async (command: { t: string; name?: string; text?: string }) => {
    if (command.t === "file_place") {
      if (open > 0) throw new RefusedError("too_many_files");
      open += 1;
      return { path: "/put", ticket: "t", file: command.name };
    }
    open -= 1;
    shared.push(command.text!);
    return {};
  };
  const rules = { ...welcome().rules, file_max_bytes: 100, file_types: [TEXT] };
  const client = { server: "", request, store: { state: reduce(EMPTY, welcome({ rules }), 0) } } as unknown as LiveClient;
  return { uploads: new Uploads(client, "s1"), shared, freed: () => { open = 0; } };
}

describe("files on their way", () => {
  beforeEach(() => vi.stubGlobal("XMLHttpRequest", Place));
  afterEach(() => {
    vi.unstubAllGlobals();
    Place.under_way.length = 0;
  });

  it("go one after the other", async () => {
    const { uploads, shared } = server();
    for (const name of ["a", "b", "c"]) uploads.add(file(name), name);
    for (const sent of [["a"], ["a", "b"], ["a", "b", "c"]]) {
      await settled();
      expect(Place.under_way).toHaveLength(1);
      Place.answer(201);
      await settled();
      expect(shared).toEqual(sent);
    }
    expect(uploads.list).toEqual([]);
  });

  it("do not wait for one that failed or was taken back", async () => {
    const { uploads, shared, freed } = server();
    for (const name of ["a", "b", "c", "d"]) uploads.add(file(name), name);
    const [a, b, c] = uploads.list;
    await settled();
    freed();
    Place.answer(500);
    await settled();
    expect(uploads.list.map((one) => one.problem)).toEqual(["internal", "", "", ""]);
    freed();
    uploads.discard(b!.key);
    uploads.discard(c!.key);
    await settled();
    Place.answer(201);
    await settled();
    expect([shared, uploads.list.map((one) => one.caption)]).toEqual([["d"], ["a"]]);
    uploads.again(a!.key);
    await settled();
    Place.answer(201);
    await settled();
    expect([shared, uploads.list]).toEqual([["d", "a"], []]);
  });

  it("are five at most", () => {
    const { uploads } = server();
    expect(["a", "b", "c", "d", "e", "f"].map((name) => uploads.add(file(name), name))).toEqual([true, true, true, true, true, false]);
  });
});
