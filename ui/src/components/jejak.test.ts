import { describe, expect, test } from "vitest";
import { ROUTES, shown, STATES } from "./jejak.ts";

describe("the route of a message", () => {
  test("states differ by shape and stops, not by colour alone", () => {
    const drawn = STATES.map((state) => `${String(ROUTES[state].stops)} ${ROUTES[state].shape}`);
    expect(new Set(drawn).size).toBe(STATES.length);
  });

  test("a queued message that something keeps back is held", () => {
    expect(shown("queued", true)).toBe("held");
    expect(shown("queued", false)).toBe("queued");
  });

  test("what has left the queue is not held", () => {
    expect(shown("delivered", true)).toBe("delivered");
  });
});
