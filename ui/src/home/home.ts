import type { components } from "../api/schema.d.ts";
import { when } from "../words/format.ts";
import { t } from "../words/words.svelte.ts";

export type Home = components["schemas"]["HomeAnswer"];
export type Wait = Home["waits"][number];

/** What tells a wait from every other. */
export const keyOf = (wait: Wait): string => [wait.kind, wait.device ?? "", wait.webhook?.id ?? ""].join("-");

/** What waits, as people are told it: a device that was switched off is not one that is cut off. */
export function kindOf(wait: Wait, devices: Home["devices"]): Wait["kind"] | "device_off" {
  const isOff = devices.some((device) => device.id === wait.device && !device.desired);
  return wait.kind === "device_down" && isOff ? "device_off" : wait.kind;
}

/** When a webhook is tried again, within a sentence. */
export function nextTry(wait: Wait, { now, zone }: { now: Date; zone?: string | undefined }): string {
  const at = new Date(wait.webhook?.next_try_at ?? 0);
  return at > now ? t("ui.wait.next_at", { at: when(at, { now, zone }) }) : t("ui.wait.next_soon");
}
