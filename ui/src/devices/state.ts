import type { Key } from "../words/words.svelte.ts";
import type { Device } from "./devices.svelte.ts";

export type Stands = Pick<Device, "state" | "desired" | "connected">;

/** How a device stands, for people: a filled dot is connected, an open square is cut off, a dotted circle is neither. */
export interface Standing {
  shape: "dot" | "square" | "dotted";
  tone: string;
  word: Key;
}

const CONNECTED: Standing = { shape: "dot", tone: "text-success", word: "ui.standing.connected" };
const COMING: Standing = { shape: "dotted", tone: "text-muted", word: "ui.standing.coming" };
const PAIRING: Standing = { shape: "dotted", tone: "text-primary", word: "ui.standing.pairing" };
const CUT: Standing = { shape: "square", tone: "text-error", word: "ui.standing.cut" };
const OFF: Standing = { shape: "dotted", tone: "text-muted", word: "ui.standing.off" };

const BY_STATE: Readonly<Record<string, Standing>> = {
  open: CONNECTED,
  connecting: COMING,
  retrying: COMING,
  pairing: PAIRING,
};

export function standing(device: Stands): Standing {
  if (!device.desired) return OFF;
  if (device.connected) return CONNECTED;
  return BY_STATE[device.state] ?? (device.state === "off" ? COMING : CUT);
}
