import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { patiently, soon } from "./search.svelte.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("facts that never cease are read all the same, twice a second at most", () => {
  const act = vi.fn();
  const read = soon(act);
  for (let ms = 0; ms < 10_000; ms += 50) {
    read();
    vi.advanceTimersByTime(50);
  }
  expect(act.mock.calls.length).toBeGreaterThanOrEqual(15);
  expect(act.mock.calls.length).toBeLessThanOrEqual(20);
});

test("what is typed is looked for when the fingers rest", () => {
  const act = vi.fn();
  const search = patiently(act);
  for (const text of ["s", "si", "sit"]) search(text);
  vi.advanceTimersByTime(1_000);
  expect(act.mock.calls).toEqual([["sit"]]);
});
