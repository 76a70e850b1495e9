import { searchParams } from "sv-router";

/** A filter that lives in the address bar: empty is absent, so that a link says only what was chosen. */
export function filter(name: string): { value: string } {
  return {
    get value() {
      return String(searchParams.get(name) ?? "");
    },
    set value(chosen: string) {
      if (chosen) searchParams.set(name, chosen);
      else searchParams.delete(name);
    },
  };
}

const PATIENCE_MS = 250;

/** Calls `act` when nobody has called for a moment: for what is typed. */
export function patiently(act: (text: string) => void): (text: string) => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      act(text);
    }, PATIENCE_MS);
  };
}

const SOON_MS = 500;

/**
 * Calls `act` soon, once for all calls until then: for reading afresh what facts tell of. However fast they come it is
 * called, twice a second at most.
 */
export function soon(act: () => void): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  return () => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      act();
    }, SOON_MS);
  };
}
