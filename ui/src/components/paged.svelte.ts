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
  /** Read the first page afresh; what is shown stays until it is there, and what was read behind it stays. */
  reload: () => Promise<void>;
  /** Change what is shown, as a fact of the log says. */
  change: (by: (items: readonly T[]) => readonly T[]) => void;
}

/**
 * Reads the first page now and whenever something that `read` uses before its first `await` changes; of answers that
 * overtake each other the one to the last question counts. `keyOf` names an item: by it a page that is read again is
 * joined to what was read behind it. Call it while a component is set up.
 */
export function paged<T>(
  read: (cursor: string | undefined) => Promise<PageOf<T>>,
  keyOf: (item: T) => unknown = (item) => item,
): Paged<T> {
  let items = $state.raw<readonly T[] | undefined>();
  let problem = $state.raw<Problem | undefined>();
  let next = $state<string | null>(null);
  let isLoading = $state(true);
  let asked = 0;
  let isStale = false;

  async function take(answer: Promise<PageOf<T>>, join: (page: PageOf<T>) => PageOf<T>): Promise<void> {
    asked += 1;
    const mine = asked;
    isLoading = true;
    try {
      const page = await answer;
      if (mine !== asked) return;
      ({ items, next } = join(page));
      problem = undefined;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine === asked) problem = error;
    } finally {
      if (mine === asked) isLoading = false;
    }
    if (isStale && mine === asked) await refresh();
  }

  /** A page that the user has asked for comes first. */
  async function refresh(): Promise<void> {
    isStale = isLoading && items !== undefined;
    if (!isStale) await take(read(undefined), before);
  }

  /** What was read behind this first page, where the two still meet, and there is more than it. */
  function before(page: PageOf<T>): PageOf<T> {
    if (page.next === null) return page;
    const last = page.items.at(-1);
    const meeting = last === undefined ? -1 : (items ?? []).findIndex((item) => keyOf(item) === keyOf(last));
    const rest = meeting < 0 ? [] : (items ?? []).slice(meeting + 1);
    return rest.length > 0 ? { items: [...page.items, ...rest], next } : page;
  }

  $effect(() => {
    void take(read(undefined), (page) => page);
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
      if (next !== null && !isLoading)
        await take(read(next), (page) => ({ items: [...(items ?? []), ...page.items], next: page.next }));
    },
    reload: refresh,
    change(by) {
      if (items !== undefined) items = by(items);
    },
  };
}
