import { api } from "../api/client.ts";
import type { components } from "../api/schema.d.ts";
import { load, type Loaded } from "../components/loading.svelte.ts";

export type Transport = components["schemas"]["TransportAnswer"];

/** The ways to WhatsApp that the server has, and what each can do; call it while a component is set up. */
export function transports(): Loaded<readonly Transport[]> {
  return load<readonly Transport[]>(async () => (await api.GET("/api/v1/transports")).data ?? []);
}

/** Whether the device is a number of Meta's, set up by its ids and a token. */
export function isOfficial(device: { transport: string }): boolean {
  return device.transport === "cloud_api";
}

/** Whether the device is a number of the simulated network. */
export function isSimulated(device: { transport: string }): boolean {
  return device.transport.startsWith("simulator");
}
