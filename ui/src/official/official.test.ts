import { describe, expect, it } from "vitest";
import { limitOf, qualityOf } from "./official.svelte.ts";

describe("Meta's words", () => {
  it("say how many new people a day may be written to", () => {
    expect(["TIER_250", "TIER_2K", "TIER_100K", "TIER_UNLIMITED"].map(limitOf)).toEqual([
      250,
      2_000,
      100_000,
      Infinity,
    ]);
  });

  it("that we do not know are no number, and no quality", () => {
    expect(["", "TIER_NOT_SET", "2K"].map(limitOf)).toEqual([undefined, undefined, undefined]);
    expect(qualityOf("NA")).toEqual(qualityOf("UNKNOWN"));
    expect(qualityOf("RED").word).toBe("ui.official.quality_RED");
  });
});
