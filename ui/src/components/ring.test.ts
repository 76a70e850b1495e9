import { expect, test } from "vitest";
import { bandsOf } from "./ring.ts";

test("thirty devices one after another wear different rings", () => {
  const rings = Array.from({ length: 30 }, (_, place) => bandsOf(place + 1));
  expect(new Set(rings.map(({ upper, lower }) => upper + lower)).size).toBe(30);
});

test("a ring has two colours", () => {
  for (let device = 1; device <= 60; device += 1)
    expect(bandsOf(device).upper).not.toBe(bandsOf(device).lower);
});
