import { expect, test } from "vitest";
import { isPlace } from "./menu.ts";

test("a part of a place belongs to it", () => {
  expect(isPlace("/app/devices/3", "/devices")).toBe(true);
  expect(isPlace("/app/devices", "/devices")).toBe(true);
});

test("home is home alone, with and without a slash at the end", () => {
  expect(isPlace("/app", "/")).toBe(true);
  expect(isPlace("/app/", "/")).toBe(true);
  expect(isPlace("/app/devices", "/")).toBe(false);
});
