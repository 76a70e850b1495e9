/** What the address bar says of a list of messages; empty fields are absent. */
export interface Filter {
  q: string;
  state: string;
  device: string;
  direction: string;
  from: string;
  to: string;
}

type Asked = Partial<Record<"q" | "from" | "to", string>> & {
  device?: number;
  state?: State;
  direction?: "in" | "out";
};

const STATES = [
  "held",
  "scheduled",
  "queued",
  "sending",
  "sent",
  "delivered",
  "read",
  "failed",
  "cancelled",
  "expired",
  "uncertain",
  "received",
] as const;
type State = (typeof STATES)[number];

/** The query of `GET /api/v1/messages` for these filters. A day is meant from its first to its last moment, here. */
export function questionOf(filter: Filter): Asked {
  const state = STATES.find((one) => one === filter.state);
  const from = dayOf(filter.from);
  const to = dayOf(filter.to, 1);
  return {
    ...(filter.q ? { q: filter.q } : {}),
    ...(state ? { state } : {}),
    ...(/^\d{1,15}$/.test(filter.device) ? { device: Number(filter.device) } : {}),
    ...(filter.direction === "in" || filter.direction === "out" ? { direction: filter.direction } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
}

/** The first moment of a day like `2026-11-24`, or of one `later` days after it. */
function dayOf(text: string, later = 0): string | undefined {
  const [year, month, day] = text.split("-").map(Number);
  if (!year || !month || !day) return undefined;
  const found = new Date(year, month - 1, day + later);
  return Number.isNaN(found.getTime()) ? undefined : found.toISOString();
}
