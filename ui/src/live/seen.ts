/** A browser opens six connections to a server, for all its tabs together; so this long a tab keeps its own unseen. */
const UNSEEN_MS = 5_000;

/**
 * Calls `begin` whenever the page comes to be seen, at once if it is, and `rest` when nobody has looked at it for a
 * while or the browser puts it aside for "back", where no timer runs. The returned function ends it, and calls neither.
 */
export function whileSeen(begin: () => void, rest: () => void): () => void {
  let isResting = true;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  function wake(): void {
    clearTimeout(waiting);
    if (!isResting) return;
    isResting = false;
    begin();
  }

  function sleep(): void {
    clearTimeout(waiting);
    if (isResting) return;
    isResting = true;
    rest();
  }

  function see(): void {
    if (!document.hidden) wake();
    else waiting = setTimeout(sleep, UNSEEN_MS);
  }

  if (!document.hidden) wake();
  document.addEventListener("visibilitychange", see);
  window.addEventListener("pagehide", sleep);
  window.addEventListener("pageshow", see);
  return () => {
    clearTimeout(waiting);
    document.removeEventListener("visibilitychange", see);
    window.removeEventListener("pagehide", sleep);
    window.removeEventListener("pageshow", see);
  };
}
