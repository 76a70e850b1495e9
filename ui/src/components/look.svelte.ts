/**
 * Calls `act` again and again while the page is seen and `isWanted` says so: for what no fact tells. `everyMs` are from
 * one answer to the next question. Call it while a component is set up.
 */
export function look(
  act: () => Promise<unknown>,
  everyMs: number,
  isWanted: () => boolean = () => true,
): void {
  $effect(() => {
    if (!isWanted()) return;
    let waiting = setTimeout(turn, everyMs);
    let isOver = false;

    async function turn(): Promise<void> {
      if (!document.hidden) await act();
      if (!isOver) waiting = setTimeout(turn, everyMs);
    }
    return () => {
      isOver = true;
      clearTimeout(waiting);
    };
  });
}

/** Calls `act` whenever what `of` gives is another one, and not at first. Call it while a component is set up. */
export function whenever(of: () => unknown, act: () => Promise<unknown>): void {
  let before = of();
  $effect(() => {
    const now = of();
    if (now === before) return;
    before = now;
    void act();
  });
}
