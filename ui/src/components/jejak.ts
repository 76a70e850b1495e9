import type { Key } from "../words/words.svelte.ts";

export const STATES = [
  "queued",
  "sending",
  "sent",
  "delivered",
  "read",
  "held",
  "failed",
  "cancelled",
  "expired",
  "uncertain",
] as const;
/** How a message stands, as people see it: the server's states, and *held* for one that waits for a reason. */
export type Shown = (typeof STATES)[number];
/** How the last stop is drawn: its shape says the state without its colour. */
export type Shape = "dot" | "ring" | "pause" | "cross" | "dash" | "unsure";

/** What the route of a message looks like: how many of the five stops it has reached, and the last one's shape. */
export interface Route {
  stops: 1 | 2 | 3 | 4 | 5;
  shape: Shape;
  tone: "ink" | "nila" | "jahe" | "cabai" | "muted";
  word: Key;
}

export const ROUTES: Record<Shown, Route> = {
  queued: { stops: 1, shape: "dot", tone: "ink", word: "ui.state.queued" },
  sending: { stops: 2, shape: "ring", tone: "ink", word: "ui.state.sending" },
  sent: { stops: 3, shape: "dot", tone: "ink", word: "ui.state.sent" },
  delivered: { stops: 4, shape: "dot", tone: "ink", word: "ui.state.delivered" },
  read: { stops: 5, shape: "dot", tone: "nila", word: "ui.state.read" },
  held: { stops: 1, shape: "pause", tone: "jahe", word: "ui.state.held" },
  failed: { stops: 2, shape: "cross", tone: "cabai", word: "ui.state.failed" },
  cancelled: { stops: 1, shape: "dash", tone: "muted", word: "ui.state.cancelled" },
  expired: { stops: 1, shape: "cross", tone: "muted", word: "ui.state.expired" },
  uncertain: { stops: 2, shape: "unsure", tone: "jahe", word: "ui.state.uncertain" },
};

/** How a message stands for people: one that is queued and kept back by something is held. */
export function shown(state: string, isHeld: boolean): Shown {
  if (state === "queued" && isHeld) return "held";
  return STATES.find((one) => one === state) ?? "queued";
}
