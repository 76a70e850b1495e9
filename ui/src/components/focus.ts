/**
 * Keeps the keyboard's place in `frame`: when the element that has the focus is taken away, the frame has it; when a
 * button was only busy, the button has it again. An attachment.
 */
export function keepsFocus(frame: HTMLElement): () => void {
  let last: HTMLElement | undefined;

  function come({ target }: FocusEvent): void {
    if (target instanceof HTMLElement) last = target;
  }
  /** Who leaves by themselves has left; what is being taken away is still there when it is told so. */
  function leave(): void {
    const left = last;
    queueMicrotask(() => {
      if (left === last && left?.isConnected && !left.matches(":disabled")) last = undefined;
    });
  }
  function mend(): void {
    if (last === undefined || document.activeElement !== document.body) return;
    if (!last.isConnected) frame.focus();
    else if (!last.matches(":disabled")) last.focus();
  }

  const watching = new MutationObserver(mend);
  watching.observe(frame, { childList: true, subtree: true, attributeFilter: ["disabled"] });
  frame.addEventListener("focusin", come);
  frame.addEventListener("focusout", leave);
  return () => {
    watching.disconnect();
    frame.removeEventListener("focusin", come);
    frame.removeEventListener("focusout", leave);
  };
}

/** Who opened a panel by the keyboard goes into it, and back when it is closed. An attachment of the panel. */
export function takesFocus(panel: HTMLElement): () => void {
  const opener = document.activeElement;
  const isByKeys = opener?.matches(":focus-visible") ?? false;
  const isHidden = opener instanceof HTMLElement && opener.offsetParent === null;
  if (opener !== document.body && (isByKeys || isHidden)) panel.focus();
  return () => {
    const isLost = document.activeElement === document.body || panel.contains(document.activeElement);
    if (isLost && opener instanceof HTMLElement && opener.isConnected) opener.focus();
  };
}
