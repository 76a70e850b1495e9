export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "error";
  /** What takes the thing back, while it can be. */
  undo?: (() => void | Promise<void>) | undefined;
}

const SHOWN_MS = 6_000;
let last = 0;
let all = $state<Toast[]>([]);

/** What is said at the foot of the page just now. */
export const toasts = {
  get all(): readonly Toast[] {
    return all;
  },
};

/** Say a sentence for a few seconds; an error stays until it is closed. */
export function say(
  text: string,
  { undo, tone = "plain" }: { undo?: Toast["undo"]; tone?: Toast["tone"] } = {},
): void {
  last += 1;
  const id = last;
  all = [...all.slice(-2), { id, text, tone, undo }];
  if (tone === "plain")
    setTimeout(() => {
      dismiss(id);
    }, SHOWN_MS);
}

export function dismiss(id: number): void {
  all = all.filter((one) => one.id !== id);
}
