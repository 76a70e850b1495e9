import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow, hear } from "./live.svelte.ts";

/** A stream as a browser has it: the test says what comes. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static all: Stream[] = [];
  readyState = 1;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    Stream.all.push(this);
  }

  close(): void {
    this.readyState = Stream.CLOSED;
  }

  tell(kind: string, seq: number): void {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify({ seq }), lastEventId: String(seq) }));
  }
}

function look(isHidden: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(isHidden);
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  Stream.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("a tab that nobody looks at lets its stream go, and goes on from there when it is seen", () => {
  const told: number[] = [];
  const end = follow(() => undefined);
  const deaf = hear(
    (fact) => told.push(fact.seq),
    () => undefined,
  );
  Stream.all[0]?.tell("ready", 4);
  Stream.all[0]?.tell("fact", 5);
  look(true);
  vi.advanceTimersByTime(4_000);
  expect(Stream.all[0]?.readyState).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(Stream.all[0]?.readyState).toBe(Stream.CLOSED);
  look(false);
  expect(Stream.all[1]?.url).toBe("/api/v1/events?after=5");
  Stream.all[1]?.tell("fact", 6);
  expect(told).toEqual([5, 6]);
  deaf();
  end();
});

test("a tab that is left for a moment keeps its stream", () => {
  const end = follow(() => undefined);
  look(true);
  vi.advanceTimersByTime(4_000);
  look(false);
  vi.advanceTimersByTime(60_000);
  expect(Stream.all).toHaveLength(1);
  expect(Stream.all[0]?.readyState).toBe(1);
  end();
});

test("a tab that is opened behind others asks for no stream until it is seen, and reads afresh then", () => {
  vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  const end = follow(() => undefined);
  let reloads = 0;
  const deaf = hear(
    () => undefined,
    () => (reloads += 1),
  );
  vi.advanceTimersByTime(60_000);
  expect(Stream.all).toHaveLength(0);
  look(false);
  Stream.all[0]?.tell("ready", 9);
  expect(reloads).toBe(1);
  deaf();
  end();
});

test("a page that the browser puts aside lets its stream go at once, and takes it up when it comes back", () => {
  const end = follow(() => undefined);
  Stream.all[0]?.tell("ready", 4);
  window.dispatchEvent(new Event("pagehide"));
  look(true);
  expect(Stream.all[0]?.readyState).toBe(Stream.CLOSED);
  look(false);
  window.dispatchEvent(new Event("pageshow"));
  expect(Stream.all.map((each) => each.url)).toEqual(["/api/v1/events", "/api/v1/events?after=4"]);
  end();
});
