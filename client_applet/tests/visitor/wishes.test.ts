import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LiveClient } from "../../src/core";
import { LiveStore } from "../../src/core/store";
import type { Indicator } from "../../src/generated/wire";
import { forget, keepWish } from "../../src/visitor/wishes";
import { light, snapshot } from "../core/messages";

describe("a wish to be told, while the page is open", () => {
  const shown: string[] = [];
  beforeEach(() => {
    shown.length = 0;
    vi.stubGlobal("document", { visibilityState: "visible", hasFocus: () => false, title: "", addEventListener: () => {} });
    vi.stubGlobal("addEventListener", () => {});
    vi.stubGlobal("Notification", Object.assign(function (title: string) {
      shown.push(title);
      return { addEventListener: () => {} };
    }, { permission: "granted" }));
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function begin() {
    const store = new LiveStore();
    const watched: string[][] = [];
    const client = {
      store, watch: ({ experts }: { experts: string[] }) => {
        watched.push(experts);
        return { update: () => {}, release: () => watched.splice(0) };
      },
    } as unknown as LiveClient;
    let seq = 0;
    const turn = (expert: string, indicator: Indicator) => store.receive(snapshot(++seq, { lights: [light(expert, { indicator })] }));
    return { client, watched, turn };
  }
  const wish = (told: () => void) => ({ title: "Ada is free", text: "Come", told });

  it("follows the light, tells once when the expert is free, and is over", () => {
    const { client, watched, turn } = begin();
    const told = vi.fn();
    keepWish(client, "ada", wish(told));
    expect(watched).toEqual([["ada"]]);
    turn("ada", "busy");
    turn("bo", "free");
    expect(shown).toEqual([]);
    turn("ada", "free");
    turn("ada", "busy");
    turn("ada", "free");
    expect([shown, told.mock.calls.length, watched]).toEqual([["Ada is free"], 1, []]);
  });

  it("is nothing any more when it was taken back", () => {
    const { client, watched, turn } = begin();
    const told = vi.fn();
    keepWish(client, "ada", wish(told));
    forget(client, "ada");
    turn("ada", "free");
    expect([shown, told.mock.calls.length, watched]).toEqual([[], 0, []]);
  });
});
