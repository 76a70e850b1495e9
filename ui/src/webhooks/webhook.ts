import type { components } from "../api/schema.d.ts";
import { t } from "../words/words.svelte.ts";

export type Webhook = components["schemas"]["WebhookAnswer"];
export type Call = components["schemas"]["CallAnswer"];

/** What an address can be told today. */
export const KINDS = ["message", "status", "connect", "typed"] as const;

const FAULTS = {
  url: "ui.webhooks.fault_url",
  address: "ui.webhooks.fault_address",
  name: "ui.webhooks.fault_name",
  connect: "ui.webhooks.fault_connect",
  tls: "ui.webhooks.fault_tls",
  timeout: "ui.webhooks.fault_timeout",
  broken: "ui.webhooks.fault_broken",
} as const;

/** Why a call got no answer, or what it was answered. */
export function why(call: { status: number | null; error: string | null }): string {
  if (call.status !== null) return t("ui.webhooks.last_status", { status: call.status });
  const fault = call.error ?? "";
  return fault in FAULTS ? t(FAULTS[fault as keyof typeof FAULTS]) : fault;
}

/** The name of an address: its owner's, else what it is. */
export const nameOf = (one: Webhook): string => one.name || one.url;

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
  MessageTyped: "ui.told.typed",
  MessageEdited: "ui.told.edited",
  MessageRevoked: "ui.told.revoked",
  DeviceStateChanged: "ui.told.device",
} as const;

/** What a call told, by the kind of its fact. */
export function told(kind: string): string {
  return kind in TOLD ? t(TOLD[kind as keyof typeof TOLD]) : kind;
}
