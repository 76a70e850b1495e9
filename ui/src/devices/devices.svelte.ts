import { api } from "../api/client.ts";
import type { components } from "../api/schema.d.ts";
import { load, type Loaded } from "../components/loading.svelte.ts";
import { soon } from "../components/search.svelte.ts";
import { hear } from "../live/live.svelte.ts";
import { applyToDevices, isOfDevices } from "./facts.ts";

export type Device = components["schemas"]["DeviceAnswer"];
export type DeviceSettings = Device["settings"];

const MOST = 200;

/** The account's devices, for what names them, as they are now; call it while a component is set up. */
export function devices(): {
  readonly read: Loaded<readonly Device[]>;
  readonly list: readonly Device[];
  readonly isRead: boolean;
  of: (id: number) => Device | undefined;
  reload: () => Promise<void>;
} {
  const read = load<readonly Device[]>(async () => {
    const { data } = await api.GET("/api/v1/devices", { params: { query: { limit: MOST } } });
    return data?.items ?? [];
  });
  const readSoon = soon(() => void read.reload());
  $effect(() =>
    hear(
      (fact) => {
        read.change((items) => [...applyToDevices(items, fact)]);
        if (isOfDevices(fact)) readSoon();
      },
      () => void read.reload(),
    ),
  );
  return {
    read,
    get list() {
      return read.value ?? [];
    },
    get isRead() {
      return read.value !== undefined;
    },
    of: (id) => (read.value ?? []).find((device) => device.id === id),
    reload: read.reload,
  };
}
