import type { components } from "../api/schema.d.ts";
import { t } from "../words/words.svelte.ts";

export type Webhook = components["schemas"]["WebhookAnswer"];
export type Call = components["schemas"]["CallAnswer"];

const TOLD = {
  MessageSent: "ui.state.sent",
  MessageDelivered: "ui.state.delivered",
  MessageRead: "ui.state.read",
  MessageFailed: "ui.state.failed",
  MessageExpired: "ui.state.expired",
  MessageUncertain: "ui.state.uncertain",
  MessageRetried: "ui.told.retried",
  MessageRescheduled: "ui.told.rescheduled",
  MessageReceived: "ui.told.received",
  DeviceStateChanged: "ui.told.device",
} as const;

/** What a call told, by the kind of its fact. */
export function told(kind: string): string {
  return kind in TOLD ? t(TOLD[kind as keyof typeof TOLD]) : kind;
}
