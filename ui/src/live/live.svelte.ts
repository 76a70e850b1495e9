import { whileSeen } from "./seen.ts";

/** One fact of the log, as `GET /api/v1/events` tells it: ids, keys and states, never texts. */
export interface Fact {
  seq: number;
  kind: string;
  at: string;
  device?: number;
  message?: number;
  state?: string;
  [field: string]: unknown;
}

interface Listener {
  fact: (fact: Fact) => void;
  reload: () => void;
}

const STREAM = "/api/v1/events";
const LOST_AFTER_MS = 2_000;
const AGAIN_MS = 3_000;
const PATIENCE_MS = 1_000;

let lostAt = $state<Date | undefined>();
let isReady = $state(false);
let source: EventSource | undefined;
let noticing: ReturnType<typeof setTimeout> | undefined;
let lastSeq = "";
let onRefused: () => unknown = () => undefined;
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn by who listens
const listeners = new Set<Listener>();

/** The stream of facts: whether pages may be read, and since when it is lost. */
export const live = {
  /** From here on nothing that happens is missed; also true when the stream does not come in time. */
  get isReady(): boolean {
    return isReady;
  },
  get lostAt(): Date | undefined {
    return lostAt;
  },
  tryNow(): void {
    if (source !== undefined) open();
  },
};

/**
 * Follow the log from now on, while the page is seen; the returned function ends it. Facts missed while away are told
 * again, or "reload". `whenRefused` is called when the server does not let us follow: perhaps nobody is signed in any more.
 */
export function follow(whenRefused: () => unknown): () => void {
  onRefused = whenRefused;
  const end = whileSeen(open, rest);
  const waiting = setTimeout(() => (isReady = true), PATIENCE_MS);
  window.addEventListener("online", live.tryNow);
  window.addEventListener("offline", lose);
  return () => {
    clearTimeout(waiting);
    end();
    window.removeEventListener("online", live.tryNow);
    window.removeEventListener("offline", lose);
    rest();
    lastSeq = "";
    isReady = false;
    found();
  };
}

/** Hear every fact, and that everything must be read afresh; the returned function ends it. */
export function hear(fact: Listener["fact"], reload: Listener["reload"]): () => void {
  const listener = { fact, reload };
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function open(): void {
  source?.close();
  const stream = new EventSource(lastSeq ? `${STREAM}?after=${lastSeq}` : STREAM);
  source = stream;
  stream.addEventListener("ready", (event: MessageEvent<string>) => {
    const isLate = isReady && lastSeq === "";
    lastSeq = event.lastEventId;
    isReady = true;
    found();
    if (isLate) tellToReload();
  });
  stream.addEventListener("fact", (event: MessageEvent<string>) => {
    lastSeq = event.lastEventId;
    found();
    const fact = JSON.parse(event.data) as Fact;
    for (const listener of listeners) listener.fact(fact);
  });
  stream.addEventListener("reload", (event: MessageEvent<string>) => {
    lastSeq = event.lastEventId;
    isReady = true;
    found();
    tellToReload();
  });
  stream.onerror = () => {
    noticing ??= setTimeout(() => (lostAt = new Date()), LOST_AFTER_MS);
    // a browser gives up for good when it is answered by an error
    if (stream.readyState === EventSource.CLOSED && source === stream) {
      onRefused();
      setTimeout(() => {
        if (source === stream) open();
      }, AGAIN_MS);
    }
  };
}

/** What is missed meanwhile is told by the next stream, from where this one was. */
function rest(): void {
  source?.close();
  source = undefined;
}

/** The machine knows at once that it has no network; a stream notices only when it is written to. */
function lose(): void {
  source?.close();
  lostAt ??= new Date();
}

function tellToReload(): void {
  for (const listener of listeners) listener.reload();
}

function found(): void {
  clearTimeout(noticing);
  noticing = undefined;
  lostAt = undefined;
}
