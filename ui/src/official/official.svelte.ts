import { api } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { components } from "../api/schema.d.ts";
import { load, type Loaded } from "../components/loading.svelte.ts";
import type { Key } from "../words/words.svelte.ts";

export type SetUp = components["schemas"]["OfficialAnswer"];
export type NumberNow = components["schemas"]["NumberAnswer"];

/** How a device is set up at Meta; null: it is not. Call it while a component is set up. */
export function setUpOf(device: () => number): Loaded<SetUp | null> {
  return load(async () => {
    try {
      const { data } = await api.GET("/api/v1/devices/{device_id}/official", {
        params: { path: { device_id: device() } },
      });
      return data ?? null;
    } catch (error) {
      if (error instanceof Problem && error.code === "official_not_set_up") return null;
      throw error;
    }
  });
}

/** What Meta says of the number now; asked again when it was set up anew. */
export function numberOf(
  asOf: () => readonly [device: number, changedAt: string],
): Loaded<NumberNow | undefined> {
  return load(async () => {
    const [device] = asOf();
    const { data } = await api.GET("/api/v1/devices/{device_id}/official/number", {
      params: { path: { device_id: device } },
    });
    return data;
  });
}

interface Quality {
  word: Key;
  tone: string;
}

const UNRATED: Quality = { word: "ui.official.quality_UNKNOWN", tone: "text-muted" };
const QUALITIES: Readonly<Record<string, Quality>> = {
  GREEN: { word: "ui.official.quality_GREEN", tone: "text-success" },
  YELLOW: { word: "ui.official.quality_YELLOW", tone: "text-warning" },
  RED: { word: "ui.official.quality_RED", tone: "text-error" },
};

export function qualityOf(word: string): Quality {
  return QUALITIES[word] ?? UNRATED;
}

/** How many new people a day, from Meta's word, as TIER_2K; Infinity: as many as one likes; undefined: not told. */
export function limitOf(word: string): number | undefined {
  if (word === "TIER_UNLIMITED") return Infinity;
  const found = /^TIER_(\d+)(K?)$/.exec(word);
  return found ? Number(found[1]) * (found[2] ? 1_000 : 1) : undefined;
}
