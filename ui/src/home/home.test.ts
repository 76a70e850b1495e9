import { beforeAll, expect, test } from "vitest";
import { speak } from "../words/words.svelte.ts";
import { keyOf, kindOf, nextTry, type Home, type Wait } from "./home.ts";

const NOW = new Date("2026-11-22T13:58:11Z");
const failing = (id: number, next_try_at: string | null): Wait => ({
  kind: "webhook_failing",
  device: 3,
  count: 2,
  since: "2026-11-22T13:00:00.000Z",
  webhook: { id, host: "toko.id", next_try_at },
});

beforeAll(() => speak("en"));

test("two webhooks of one device are two waits", () => {
  expect(keyOf(failing(1, null))).not.toBe(keyOf(failing(2, null)));
});

test("a try that is due already comes soon", () => {
  const zone = "Asia/Jakarta";
  expect(nextTry(failing(1, "2026-11-22T14:10:00.000Z"), { now: NOW, zone })).toBe("at 21:10");
  for (const due of [null, "2026-11-22T13:58:11.000Z"])
    expect(nextTry(failing(1, due), { now: NOW, zone })).toBe("soon");
});

test("a device that was switched off is not told as cut off", () => {
  const devices = [
    { id: 3, desired: false },
    { id: 4, desired: true },
  ] as Home["devices"];
  const down = (device: number): Wait => ({ ...failing(1, null), kind: "device_down", device });
  expect([3, 4].map((id) => kindOf(down(id), devices))).toEqual(["device_off", "device_down"]);
  expect(kindOf(failing(1, null), devices)).toBe("webhook_failing");
});
