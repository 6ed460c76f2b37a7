import { expect, it } from "vitest";
import { composeExceptions, parseExceptions } from "../../src/people/exceptions_text";

it.each(["", "2026-12-24 closed", "2026-12-24 closed; 2026-12-31 10:00-14:00 15:00-16:00; 2027-01-02..2027-01-09 closed"])(
  "comes back as it was: %s", (text) => expect(composeExceptions(parseExceptions(text)!)).toBe(text));

it("stands in the order of the days", () =>
  expect(composeExceptions(parseExceptions("2027-01-01 closed; 2026-12-24 closed")!)).toBe("2026-12-24 closed; 2027-01-01 closed"));

it("leaves to the server what it can't show", () => expect(parseExceptions("christmas closed")).toBeNull());
