import type { components } from "../api/schema.d.ts";
import { when } from "../words/format.ts";
import { t } from "../words/words.svelte.ts";

export type Home = components["schemas"]["HomeAnswer"];
export type Wait = Home["waits"][number];

/** What tells a wait from every other. */
export const keyOf = (wait: Wait): string => [wait.kind, wait.device ?? "", wait.webhook?.id ?? ""].join("-");

/** When a webhook is tried again, within a sentence. */
export function nextTry(wait: Wait, { now, zone }: { now: Date; zone?: string | undefined }): string {
  const at = new Date(wait.webhook?.next_try_at ?? 0);
  return at > now ? t("ui.wait.next_at", { at: when(at, { now, zone }) }) : t("ui.wait.next_soon");
}
