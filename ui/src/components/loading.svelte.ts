import { Problem } from "../api/problem.ts";

/** What is read from the server for a page: the value, or that it is on its way, or why it did not come. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  readonly isLoading: boolean;
  /** Read afresh; what is shown stays until the answer is there. */
  reload: () => Promise<void>;
  /** Change what is shown, as a fact of the log says. */
  change: (by: (value: T) => T) => void;
}

/**
 * Reads with `read` now and whenever something that `read` uses changes; of answers that overtake each other the one
 * to the last question counts. Call it while a component is set up.
 */
export function load<T>(read: () => Promise<T>): Loaded<T> {
  let value = $state.raw<T | undefined>();
  let problem = $state.raw<Problem | undefined>();
  let asked = 0;
  let isLoading = $state(true);

  async function ask(answer: Promise<T>): Promise<void> {
    asked += 1;
    const mine = asked;
    isLoading = true;
    try {
      const read = await answer;
      if (mine !== asked) return;
      value = read;
      problem = undefined;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine === asked) problem = error;
    } finally {
      if (mine === asked) isLoading = false;
    }
  }

  $effect(() => {
    void ask(read());
  });
  return {
    get value() {
      return value;
    },
    get problem() {
      return problem;
    },
    get isLoading() {
      return isLoading;
    },
    reload: () => ask(read()),
    change(by) {
      if (value !== undefined) value = by(value);
    },
  };
}
