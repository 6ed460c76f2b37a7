import { describe, expect, it } from "vitest";
import { RefusedError, UnansweredError } from "../../src/core/errors";
import { ANSWER_MS, newOp, REPEAT_MS, Requests } from "../../src/core/requests";

const leave = { t: "leave", expert: "" } as const;

describe("requests", () => {
  it("numbers them and gives commands an operation id that the server accepts", () => {
    const requests = new Requests();
    void requests.add(leave, 0);
    void requests.add({ t: "history", session: "s1" }, 0);
    const [first, second] = requests.unsent(0);
    expect(first).toMatchObject({ t: "leave", id: 1, op: expect.stringMatching(/^[A-Za-z0-9_-]{8,64}$/) });
    expect(second).toEqual({ t: "history", id: 2, session: "s1" });
    expect(newOp()).not.toBe(newOp());
  });

  it("resolves with the answer and rejects a refusal by name", async () => {
    const requests = new Requests();
    const done = requests.add(leave, 0);
    const refused = requests.add(leave, 0);
    expect(requests.answered({ t: "ok", id: 1, seq: 5 })).toBe(true);
    expect(requests.answered({ t: "refused", id: 2, code: "not_in_line", detail: "ada", retry_after_ms: 0 })).toBe(true);
    expect(await done).toMatchObject({ seq: 5 });
    await expect(refused).rejects.toMatchObject(new RefusedError("not_in_line", "ada"));
    expect(requests.answered({ t: "ok", id: 1, seq: 5 })).toBe(false);
  });

  it("repeats a command whose answer was lost, with the same operation id", () => {
    const requests = new Requests();
    void requests.add(leave, 0);
    const [sent] = requests.unsent(0);
    expect(requests.unsent(1)).toEqual([]);
    requests.disconnected();
    expect(requests.unsent(2)).toEqual([sent]);
  });

  it("does not repeat what has no operation id and an effect", async () => {
    const requests = new Requests();
    const lost = requests.add({ t: "watch", all: true }, 0);
    requests.unsent(0);
    requests.disconnected();
    await expect(lost).rejects.toMatchObject({ code: "connection_lost" });
  });

  it("gives up on an answer that does not come and on a command that got too old", async () => {
    const requests = new Requests();
    const unanswered = requests.add(leave, 0);
    requests.unsent(0);
    requests.expire(ANSWER_MS);
    await expect(unanswered).rejects.toEqual(new UnansweredError("no_answer"));
    const old = requests.add(leave, 0);
    requests.expire(REPEAT_MS - 1);
    requests.expire(REPEAT_MS);
    await expect(old).rejects.toEqual(new UnansweredError("connection_lost"));
    expect(requests.unsent(REPEAT_MS)).toEqual([]);
  });

  it("bounds what waits", async () => {
    const requests = new Requests();
    for (let at = 0; at < 256; at += 1) requests.add(leave, 0).catch(() => {});
    await expect(requests.add(leave, 0)).rejects.toBeInstanceOf(UnansweredError);
    requests.stop();
  });
});
