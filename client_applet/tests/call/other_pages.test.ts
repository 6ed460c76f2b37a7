import { describe, expect, it, vi } from "vitest";
import { OtherPages } from "../../src/call/other_pages";

describe("pages of one browser", () => {
  it("leave a call to the one that took it last, and know other sessions apart", async () => {
    const lost: string[] = [];
    const page = (name: string, session = "s1") => new OtherPages(session, () => lost.push(name));
    const pages = [page("first"), page("second"), page("idle"), page("elsewhere", "s2")];
    const [first, second, , elsewhere] = pages;
    elsewhere!.take();
    first!.take();
    await new Promise((later) => setTimeout(later, 2)); // the clock of the pages counts milliseconds
    second!.take();
    await vi.waitFor(() => expect(lost).toEqual(["first"]));
    first!.take();
    await vi.waitFor(() => expect(lost).toEqual(["first", "second"]));
    for (const one of pages) one.close();
  });

  it("agree on one when they take it in the same moment", async () => {
    const lost: string[] = [];
    const pages = ["one", "other"].map((name) => new OtherPages("s3", () => lost.push(name)));
    for (const one of pages) one.take();
    await vi.waitFor(() => expect(lost).toHaveLength(1));
    for (const one of pages) one.close();
  });
});
