import { describe, expect, it } from "vitest";
import { CLOSES } from "../../src/generated/wire";
import { translate } from "../../src/i18n";
import { waitAtMost, whyStopped } from "../../src/ui/words";

describe("why the server does not want this page back", () => {
  it("says so where an operator has blocked the member, or where there is no such line", () => {
    expect(whyStopped(CLOSES.blocked.code)).toBe("stopped.blocked");
    expect(whyStopped(CLOSES.no_such_pool.code)).toBe("stopped.pool");
    expect(whyStopped(CLOSES.flooding.code)).toBe("stopped.text");
    expect(whyStopped(0)).toBe("stopped.text");
  });
});

describe("the longest that a wait can be", () => {
  const t = translate("en");
  const told = (bound: number) => ({ p50: 60, p80: 120, bound });

  it("is told in whole minutes, rounded up, less what has passed", () => {
    expect(waitAtMost(t, told(1380))).toBe("never more than 23 min");
    expect(waitAtMost(t, told(1381))).toBe("never more than 24 min");
    expect(waitAtMost(t, told(1380), 60_000)).toBe("never more than 22 min");
  });

  it("is not told where there is none, where it is over, and where it says nothing", () => {
    expect(waitAtMost(t, null)).toBe("");
    expect(waitAtMost(t, told(-1))).toBe("");
    expect(waitAtMost(t, told(0))).toBe("");
    expect(waitAtMost(t, told(60), 61_000)).toBe("");
    expect(waitAtMost(t, told(4 * 3600))).toBe("");
  });
});
