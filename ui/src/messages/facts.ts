import type { Fact } from "../live/live.svelte.ts";

interface Row {
  id: number;
  state: string;
  state_at: string;
  held: unknown;
}

/** Receipts climb, and may come late: of two states of a message the higher one counts. */
const RANK: Readonly<Record<string, number>> = {
  queued: 0,
  sending: 1,
  uncertain: 2,
  sent: 3,
  delivered: 4,
  read: 5,
};

/** A list of messages after this fact: the same as the list read afresh, as far as a fact tells. */
export function applyFact<R extends Row>(items: readonly R[], fact: Fact): readonly R[] {
  const { message, state } = fact;
  if (message === undefined || state === undefined) return items;
  const place = items.findIndex((row) => row.id === message);
  const row = items[place];
  if (row === undefined || isLate(row.state, state)) return items;
  return items.with(place, { ...row, state, state_at: fact.at, held: null });
}

function isLate(now: string, told: string): boolean {
  const [before, after] = [RANK[now], RANK[told]];
  return before !== undefined && after !== undefined && before > 2 && after <= before;
}

/** What a list cannot know from the fact alone: a new message, what keeps one back, what leaves the filter. */
export function needsReading(fact: Fact): boolean {
  return fact.message !== undefined || fact.kind === "BatchAccepted" || fact.kind === "DeviceStateChanged";
}
