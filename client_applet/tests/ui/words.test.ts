import { describe, expect, it } from "vitest";
import { CLOSES } from "../../src/generated/wire";
import { whyStopped } from "../../src/ui/words";

describe("why the server does not want this page back", () => {
  it("says so where an operator has blocked the member, or where there is no such line", () => {
    expect(whyStopped(CLOSES.blocked.code)).toBe("stopped.blocked");
    expect(whyStopped(CLOSES.no_such_pool.code)).toBe("stopped.pool");
    expect(whyStopped(CLOSES.flooding.code)).toBe("stopped.text");
    expect(whyStopped(0)).toBe("stopped.text");
  });
});
