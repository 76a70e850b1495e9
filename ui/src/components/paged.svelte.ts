import { Problem } from "../api/problem.ts";

export interface PageOf<T> {
  items: T[];
  next: string | null;
}

/** A list that comes in pages: what has been read of it, and how to read on. */
export interface Paged<T> {
  readonly items: readonly T[] | undefined;
  readonly problem: Problem | undefined;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  /** Read the page that follows; does nothing while one is on its way. */
  more: () => Promise<void>;
  /** Read the first page afresh; what is shown stays until it is there. */
  reload: () => Promise<void>;
  /** Change what is shown, as a fact of the log says. */
  change: (by: (items: readonly T[]) => readonly T[]) => void;
}

/**
 * Reads the first page now and whenever something that `read` uses before its first `await` changes; of answers that
 * overtake each other the one to the last question counts. Call it while a component is set up.
 */
export function paged<T>(read: (cursor: string | undefined) => Promise<PageOf<T>>): Paged<T> {
  let items = $state.raw<readonly T[] | undefined>();
  let problem = $state.raw<Problem | undefined>();
  let next = $state<string | null>(null);
  let isLoading = $state(true);
  let asked = 0;

  async function take(answer: Promise<PageOf<T>>, before: readonly T[]): Promise<void> {
    asked += 1;
    const mine = asked;
    isLoading = true;
    try {
      const page = await answer;
      if (mine !== asked) return;
      items = [...before, ...page.items];
      next = page.next;
      problem = undefined;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine === asked) problem = error;
    } finally {
      if (mine === asked) isLoading = false;
    }
  }

  $effect(() => {
    void take(read(undefined), []);
  });
  return {
    get items() {
      return items;
    },
    get problem() {
      return problem;
    },
    get isLoading() {
      return isLoading;
    },
    get hasMore() {
      return next !== null;
    },
    async more() {
      if (next !== null && !isLoading) await take(read(next), items ?? []);
    },
    reload: () => take(read(undefined), []),
    change(by) {
      if (items !== undefined) items = by(items);
    },
  };
}
