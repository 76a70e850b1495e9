import { expect, test } from "vitest";
import { bodyOf, dayOf, draftOf, shown, wordsOf, type ApiKey } from "./key.ts";

const KEY: ApiKey = {
  id: 1,
  name: "Kasir",
  hint: "abcd",
  scopes: ["messages:read"],
  devices: [3, 5],
  networks: ["10.0.0.0/8", "::1/128"],
  created_at: "2026-11-25T00:00:00.000Z",
  expires_at: "2026-12-01T05:00:00.000Z",
  expired: false,
  used_at: null,
  used_from: null,
  old_valid_until: null,
};

test("a key that is opened and saved is the same", () => {
  const { name, scopes, devices, networks, expires_at } = KEY;
  expect(bodyOf(draftOf(KEY), KEY)).toEqual({
    name,
    scopes,
    devices,
    networks: networks.map(shown),
    expires_at,
  });
});

test("a new key may send, from anywhere, with every device, for ever", () => {
  expect(bodyOf({ ...draftOf(), name: " Toko " })).toEqual({
    name: "Toko",
    scopes: ["messages:send"],
    devices: null,
    networks: [],
    expires_at: null,
  });
});

test("a key goes on until its last day is over", () => {
  const ends = bodyOf({ ...draftOf(), until: "day", day: "2026-12-24" }).expires_at ?? "";
  expect(dayOf(new Date(ends))).toBe("2026-12-24");
  expect(new Date(ends).getHours()).toBe(23);
});

test("networks come on lines, or with commas", () => {
  expect(bodyOf({ ...draftOf(), networks: "10.0.0.1, 10.0.0.2\n\n ::1 " }).networks).toEqual([
    "10.0.0.1",
    "10.0.0.2",
    "::1",
  ]);
});

test("scopes are told in the order of the form", () => {
  expect(wordsOf(["devices:read", "messages:send"]).map(({ scope }) => scope)).toEqual([
    "messages:send",
    "devices:read",
  ]);
});

test("one address is shown as one, a network as a network", () => {
  expect(["10.0.0.1/32", "10.0.0.0/8", "::1/128", "2001:db8::/32"].map(shown)).toEqual([
    "10.0.0.1",
    "10.0.0.0/8",
    "::1",
    "2001:db8::/32",
  ]);
});
