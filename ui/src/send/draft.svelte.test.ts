import { beforeEach, describe, expect, test, vi } from "vitest";
import { Draft, draftOf, keep } from "./draft.svelte.ts";

/** The page as it is after a reload: nothing in memory, and what the tab has kept. */
async function reloaded(): Promise<typeof import("./draft.svelte.ts")> {
  vi.resetModules();
  return import("./draft.svelte.ts");
}

/** A draft with everything in it, and the key of the call that it makes. */
function written(): { draft: Draft; key: string } {
  const draft = new Draft();
  draft.device = 3;
  draft.targets = "0812|Ani";
  draft.text = "Makan apa?";
  draft.kind = "poll";
  draft.choices = ["Soto", "Rawon"];
  draft.isScheduled = true;
  draft.schedule = "2030-05-04T09:30";
  return { draft, key: draft.key };
}

beforeEach(() => {
  sessionStorage.clear();
});

describe("a draft", () => {
  test("is there again for who wrote it, and for nobody else", () => {
    draftOf(1).text = "Halo";
    expect(draftOf(1).text).toBe("Halo");
    expect(draftOf(2).text).toBe("");
    expect(draftOf(1).text).toBe("");
  });

  test("outlives a reload, with the key of a call that was cut", async () => {
    const { draft, key } = written();
    keep(draft, 1);
    const again = (await reloaded()).draftOf(1);
    expect(again.body()).toEqual(draft.body());
    expect([again.schedule, again.choices, again.key]).toEqual(["2030-05-04T09:30", ["Soto", "Rawon"], key]);
  });

  test("has no moment while a year of six digits is typed", () => {
    const { draft } = written();
    draft.schedule = "12026-12-31T00:00";
    expect(draft.body()).not.toHaveProperty("schedule");
  });

  test("is read by no other user of the tab", async () => {
    keep(written().draft, 1);
    expect((await reloaded()).draftOf(2).targets).toBe("");
  });

  test("that was sent leaves its device, and what is sent next is another call", async () => {
    const { draft, key } = written();
    draft.clear();
    keep(draft, 1);
    expect(sessionStorage.getItem("merpati.draft")).not.toContain("Makan");
    const again = (await reloaded()).draftOf(1);
    expect([again.device, again.isWhole]).toEqual([3, false]);
    Object.assign(draft, { targets: "0812|Ani", text: "Makan apa?" });
    expect(draft.key).not.toBe(key);
  });

  test("keeps a file as long as the server does", async () => {
    const { draft } = written();
    const file = {
      id: 7,
      kind: "image",
      mime: "image/png",
      size_bytes: 8,
      filename: "a.png",
      thumbnail: null,
      uploaded_at: "2019-12-31T00:00:00Z",
      removed_at: "2099-01-07T00:00:00Z",
      is_sent: false,
    } as const;
    for (const [expires_at, name] of [
      ["2099-01-01T00:00:00Z", "a.png"],
      ["2020-01-01T00:00:00Z", ""],
    ] as const) {
      draft.attachment.kept = { ...file, expires_at };
      keep(draft, 1);
      expect((await reloaded()).draftOf(1).attachment.name).toBe(name);
    }
  });
});
