import type { Fact } from "../live/live.svelte.ts";
import type { Device } from "./devices.svelte.ts";

const OF_DEVICES = new Set(["DeviceStateChanged", "DeviceAdded", "DeviceUpdated", "DeviceDeleted"]);

/** A list of devices after this fact, as far as a fact tells; the sentences to a state are read afresh. */
export function applyToDevices(items: readonly Device[], fact: Fact): readonly Device[] {
  if (fact.kind === "DeviceDeleted") return items.filter((device) => device.id !== fact.device);
  const place = items.findIndex((device) => device.id === fact.device);
  const device = items[place];
  if (device === undefined || fact.kind !== "DeviceStateChanged" || fact.state === undefined) return items;
  const state = fact.state as Device["state"];
  return items.with(place, {
    ...device,
    state,
    state_at: fact.at,
    connected: state === "open" && device.desired,
  });
}

/** What changes which devices there are, how they are called or how they stand. */
export function isOfDevices(fact: Fact): boolean {
  return OF_DEVICES.has(fact.kind);
}

/** What changes a device, or the numbers beside it, in a way that the fact alone does not tell. */
export function concernsDevices(fact: Fact): boolean {
  return isOfDevices(fact) || fact.kind === "BatchAccepted" || fact.message !== undefined;
}
