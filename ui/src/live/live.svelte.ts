import { SvelteSet } from "svelte/reactivity";

/** One fact of the log, as `GET /api/v1/events` tells it. */
export interface Fact {
  seq: number;
  kind: string;
  at: string;
  device?: number;
  message?: number;
  [field: string]: unknown;
}

type Listener = { fact: (fact: Fact) => void; reload: () => void };

const STREAM = "/api/v1/events";
const LOST_AFTER_MS = 2_000;
const AGAIN_MS = 3_000;

let lostAt = $state<Date | undefined>();
let source: EventSource | undefined;
let noticing: ReturnType<typeof setTimeout> | undefined;
let lastSeq = "";
const listeners = new SvelteSet<Listener>();

/** The stream of facts: whether it is lost, and since when. */
export const live = {
  get lostAt(): Date | undefined {
    return lostAt;
  },
  tryNow(): void {
    if (source !== undefined) open();
  },
};

/** Follow the log from now on; `stop` ends it. Facts missed while away are told again by the server, or "reload". */
export function follow(): () => void {
  open();
  window.addEventListener("online", live.tryNow);
  return () => {
    window.removeEventListener("online", live.tryNow);
    source?.close();
    source = undefined;
    found();
  };
}

/** Hear every fact, and that everything must be read afresh; ends with the returned function. */
export function hear(fact: Listener["fact"], reload: Listener["reload"]): () => void {
  const listener = { fact, reload };
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function open(): void {
  source?.close();
  const stream = new EventSource(lastSeq ? `${STREAM}?after=${lastSeq}` : STREAM);
  source = stream;
  stream.onopen = found;
  stream.addEventListener("fact", (event: MessageEvent<string>) => {
    lastSeq = event.lastEventId;
    const fact = JSON.parse(event.data) as Fact;
    for (const listener of listeners) listener.fact(fact);
  });
  stream.addEventListener("reload", (event: MessageEvent<string>) => {
    lastSeq = event.lastEventId;
    for (const listener of listeners) listener.reload();
  });
  stream.onerror = () => {
    noticing ??= setTimeout(() => (lostAt = new Date()), LOST_AFTER_MS);
    // a browser gives up for good when it is answered by an error
    if (stream.readyState === EventSource.CLOSED)
      setTimeout(() => {
        if (source === stream) open();
      }, AGAIN_MS);
  };
}

function found(): void {
  clearTimeout(noticing);
  noticing = undefined;
  lostAt = undefined;
}
