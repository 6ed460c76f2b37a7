import { afterEach, describe, expect, it, vi } from "vitest";
import { chooses, fetched, nameFor, typeOf, unfit } from "../../src/call/files";
import type { LiveClient } from "../../src/core";
import type { Fetch } from "../../src/generated/wire";

const TYPES = ["image/png", "application/pdf", "text/plain"];

describe("files", () => {
  it("of text are text, whatever this browser calls them", () => {
    for (const [name, type] of [["a.csv", "text/csv"], ["A.CSV", "application/vnd.ms-excel"], ["b.md", ""], ["c.log", ""], ["d.txt", "text/plain"]] as const) {
      expect([typeOf({ name, type }), unfit({ name, type, size: 9 }, 10, TYPES)]).toEqual(["text/plain", ""]);
    }
    expect(typeOf({ name: "e.html", type: "text/html" })).toBe("text/html");
    expect(chooses(TYPES)).toBe("image/png,application/pdf,text/plain,.txt,.csv,.md,.log");
    expect(chooses(["image/png"])).toBe("image/png");
  });

  it("that do not fit are told before anything is sent", () => {
    const file = { name: "a.png", type: "image/png", size: 9 };
    expect(unfit(file, 0, TYPES)).toBe("no_files");
    expect(unfit(file, 8, TYPES)).toBe("file_too_large");
    expect(unfit({ ...file, size: 0 }, 10, TYPES)).toBe("file_broken");
    expect(unfit({ ...file, name: "a.svg", type: "image/svg+xml" }, 10, TYPES)).toBe("file_type");
    expect(unfit({ ...file, name: "a", type: "" }, 10, TYPES)).toBe("file_type");
  });

  it("keep their ending, however long their name is", () => {
    expect(nameFor("a/b\\c\u0000.png")).toBe("a_b_c_.png");
    expect([...nameFor("😀".repeat(300) + ".jpeg")]).toHaveLength(120);
    expect(nameFor("x".repeat(300) + ".jpeg")).toMatch(/x\.jpeg$/);
    expect(nameFor("  ")).toBe("file");
  });
});

describe("what is fetched", () => {
  afterEach(() => vi.unstubAllGlobals());
  const client = { server: "https://line.example" } as LiveClient;
  const place: Fetch = { t: "fetch", id: 1, path: "/v1/x", ticket: "good-once", until: 9, file: "x" };
  const answering = (answer: () => Response) => {
    const asked: Request[] = [];
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      asked.push(new Request(url, init));
      return answer();
    });
    return asked;
  };

  it("comes in the language of the page, with the ticket and no cookie", async () => {
    const asked = answering(() => new Response("said"));
    expect(await (await fetched(client, place, "ar")).text()).toBe("said");
    const [{ url, headers, credentials }] = asked as [Request];
    expect([url, headers.get("authorization"), headers.get("accept-language"), credentials]).toEqual(["https://line.example/v1/x", "Bearer good-once", "ar", "omit"]);
  });

  it("says why it does not come", async () => {
    answering(() => new Response('{"code":"no_such_file"}', { status: 404 }));
    await expect(fetched(client, place)).rejects.toMatchObject({ code: "no_such_file" });
    answering(() => new Response("<html>", { status: 502 }));
    await expect(fetched(client, place)).rejects.toMatchObject({ code: "internal" });
    answering(() => { throw new TypeError("failed to fetch"); });
    await expect(fetched(client, place)).rejects.toMatchObject({ code: "connection_lost" });
  });
});
