import { beforeAll, describe, expect, test } from "vitest";
import { ago, clock, day, initials, number, phone, span } from "./format.ts";
import { speak } from "./words.svelte.ts";

const NOW = new Date("2026-11-22T13:58:11Z");
const ZONE = "Asia/Jakarta";
const MINUTE = 60_000;

describe("in Indonesian", () => {
  beforeAll(() => speak("id"));

  test("numbers and times are written as people here write them", () => {
    expect(number(1692)).toBe("1.692");
    expect(clock(NOW, { zone: ZONE })).toBe("20.58");
    expect(clock(NOW, { zone: ZONE, seconds: true })).toBe("20.58.11");
    expect(day(NOW, { now: NOW, zone: ZONE })).toBe("Min 22 Nov");
  });

  test("what was within the hour is told relative to now", () => {
    expect(ago(new Date(NOW.getTime() - 14 * MINUTE), NOW)).toBe("14 mnt lalu");
  });

  test("a span is told in its two largest units", () => {
    expect(span(90 * MINUTE)).toBe("1 jam 30 menit");
    expect(span(0)).toBe("0 detik");
  });
});

describe("in English", () => {
  beforeAll(() => speak("en"));

  test("numbers and times are written in its way", () => {
    expect(number(1692)).toBe("1,692");
    expect(clock(NOW, { zone: ZONE })).toBe("20:58");
    expect(day(NOW, { now: NOW, zone: ZONE })).toBe("Sun 22 Nov");
  });
});

test("a number of ours is grouped, others keep their country", () => {
  expect(phone("6281200004471")).toBe("0812-0000-4471");
  expect(phone("081200004471")).toBe("0812-0000-4471");
  expect(phone("6591234567")).toBe("+6591234567");
  expect(phone("120363000000000001@g.us")).toBe("Group …0001");
});

test("initials are of the first two words that have letters", () => {
  expect(initials("Toko Utama")).toBe("TU");
  expect(initials("Reseller & grosir")).toBe("RG");
  expect(initials("Gudang")).toBe("GU");
  expect(initials("")).toBe("?");
});
