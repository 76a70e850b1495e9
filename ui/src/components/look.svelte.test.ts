import { flushSync } from "svelte";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { look, whenever } from "./look.svelte.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("looking again", () => {
  test("asks when the last answer is there, as long as the component is", async () => {
    const answers: (() => void)[] = [];
    const act = vi.fn(() => new Promise<void>((done) => answers.push(done)));
    const end = $effect.root(() => {
      look(act, 3_000);
    });
    flushSync();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(act).toHaveBeenCalledTimes(1);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(act).toHaveBeenCalledTimes(2);
    end();
    answers[1]?.();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(act).toHaveBeenCalledTimes(2);
  });

  test("asks nothing while nobody sees the page, or it is not wanted", async () => {
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    const act = vi.fn(() => Promise.resolve());
    let isWanted = $state(true);
    const end = $effect.root(() => {
      look(act, 3_000, () => isWanted);
    });
    flushSync();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(act).not.toHaveBeenCalled();
    hidden.mockReturnValue(false);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(act).toHaveBeenCalledTimes(1);
    isWanted = false;
    flushSync();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(act).toHaveBeenCalledTimes(1);
    end();
  });

  test("happens at another value, and not at the first", () => {
    let value = $state(1);
    const act = vi.fn(() => Promise.resolve());
    const end = $effect.root(() => {
      whenever(() => value, act);
    });
    flushSync();
    expect(act).not.toHaveBeenCalled();
    value = 2;
    flushSync();
    expect(act).toHaveBeenCalledTimes(1);
    end();
  });
});
