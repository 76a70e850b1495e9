import { whileSeen } from "../live/seen.ts";
import type { Happening } from "./simulator.ts";

export interface Heard extends Happening {
  /** In the order in which they came, for drawing. */
  place: number;
}

type Listener = (happening: Happening | undefined) => void;

const STREAM = "/api/v1/simulator/events";
const KEPT = 200;

/** The simulated network's journal as it is written: its last lines, and who listens. */
export class Journal {
  lines = $state.raw<readonly Heard[]>([]);
  isOpen = $state(false);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn by who listens
  #listeners = new Set<Listener>();
  #last = 0;
  #source: EventSource | undefined;

  /** Listen while a component is there and seen; nothing is heard twice, and "undefined" says: read everything afresh. */
  follow(): () => void {
    const rest = (): void => this.#source?.close();
    const end = whileSeen(() => {
      this.#open();
    }, rest);
    return () => {
      end();
      rest();
    };
  }

  #open(): void {
    const source = new EventSource(STREAM);
    source.addEventListener("ready", () => {
      this.isOpen = true;
      this.#tell(undefined);
    });
    source.addEventListener("reload", () => {
      this.#tell(undefined);
    });
    source.addEventListener("happening", (event: MessageEvent<string>) => {
      const happening = JSON.parse(event.data) as Happening;
      this.#last += 1;
      this.lines = [{ ...happening, place: this.#last }, ...this.lines.slice(0, KEPT - 1)];
      this.#tell(happening);
    });
    source.onerror = () => (this.isOpen = false);
    this.#source = source;
  }

  hear(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(happening: Happening | undefined): void {
    for (const listener of this.#listeners) listener(happening);
  }
}
