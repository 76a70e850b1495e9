import type { components } from "../api/schema.d.ts";
import type { Key as Word } from "../words/words.svelte.ts";

export type ApiKey = components["schemas"]["KeyAnswer"];
export type Scope = components["schemas"]["Scope"];

export interface ScopeWords {
  scope: Scope;
  label: Word;
  /** What goes with it that one may not expect. */
  hint?: Word;
}

/** Every scope in plain words, by what it is about. */
export const SCOPES: readonly { about: Word; scopes: readonly ScopeWords[] }[] = [
  {
    about: "ui.keys.about_messages",
    scopes: [
      { scope: "messages:send", label: "ui.keys.messages_send", hint: "ui.keys.messages_send_hint" },
      { scope: "messages:read", label: "ui.keys.messages_read" },
      { scope: "rotators:manage", label: "ui.keys.rotators_manage" },
    ],
  },
  {
    about: "ui.keys.about_devices",
    scopes: [
      { scope: "devices:read", label: "ui.keys.devices_read" },
      { scope: "devices:manage", label: "ui.keys.devices_manage" },
      { scope: "devices:tokens", label: "ui.keys.devices_tokens", hint: "ui.keys.devices_tokens_hint" },
    ],
  },
  {
    about: "ui.keys.about_programs",
    scopes: [
      { scope: "events:read", label: "ui.keys.events_read" },
      { scope: "webhooks:read", label: "ui.keys.webhooks_read" },
      { scope: "webhooks:manage", label: "ui.keys.webhooks_manage", hint: "ui.keys.webhooks_manage_hint" },
      { scope: "requests:read", label: "ui.keys.requests_read" },
      { scope: "simulator:use", label: "ui.keys.simulator_use" },
    ],
  },
];

const ALL: readonly ScopeWords[] = SCOPES.flatMap(({ scopes }) => scopes);

/** What these scopes let a key do, in the order of the form. */
export function wordsOf(scopes: readonly Scope[]): ScopeWords[] {
  return ALL.filter(({ scope }) => scopes.includes(scope));
}

/** A network as people write it: one address without the width of its network. */
export function shown(network: string): string {
  return network.replace(network.includes(":") ? /\/128$/ : /\/32$/, "");
}

/** A key while it is being written. */
export interface Draft {
  name: string;
  scopes: Scope[];
  which: "all" | "chosen";
  devices: number[];
  networks: string;
  until: "never" | "day";
  day: string;
}

export function draftOf(key?: ApiKey): Draft {
  return {
    name: key?.name ?? "",
    scopes: [...(key?.scopes ?? ["messages:send"])],
    which: key?.devices ? "chosen" : "all",
    devices: [...(key?.devices ?? [])],
    networks: (key?.networks ?? []).map(shown).join("\n"),
    until: key?.expires_at ? "day" : "never",
    day: key?.expires_at ? dayOf(new Date(key.expires_at)) : "",
  };
}

/** What was written, as the API takes it. A day that was not touched keeps the key's own moment. */
export function bodyOf(draft: Draft, key?: ApiKey): components["schemas"]["KeyGiven"] {
  return {
    name: draft.name.trim(),
    scopes: [...draft.scopes],
    devices: draft.which === "chosen" ? [...draft.devices] : null,
    networks: draft.networks.split(/[\s,]+/).filter((network) => network !== ""),
    expires_at: endOf(draft, key),
  };
}

function endOf(draft: Draft, key?: ApiKey): string | null {
  if (draft.until === "never" || draft.day === "") return null;
  if (key?.expires_at && draft.day === dayOf(new Date(key.expires_at))) return key.expires_at;
  return new Date(`${draft.day}T23:59:59`).toISOString();
}

/** `2026-11-25`, as this machine's calendar has it. */
export function dayOf(at: Date): string {
  const month = String(at.getMonth() + 1).padStart(2, "0");
  return `${String(at.getFullYear())}-${month}-${String(at.getDate()).padStart(2, "0")}`;
}
