import { expect, test } from "vitest";
import { emptyLine, linesOf, membersOf, type Rotator } from "./rotator.ts";

const ROTATOR: Rotator = {
  id: 1,
  target: "rotator#1",
  name: "Sales",
  kind: "full",
  created_at: "2026-11-24T10:02:11.123Z",
  members: [{ to: "6281", label: "Ani", weight: 3, had_turn: true, chance: 0, draws: 2 }],
};

test("a rotator is written as it is, and a new one begins with a line", () => {
  expect(membersOf(linesOf(ROTATOR))).toEqual([{ to: "6281", label: "Ani", weight: 3 }]);
  expect(linesOf(undefined)).toHaveLength(1);
});

test("lines without a number are nothing, and spaces do not count", () => {
  const written = { ...emptyLine(), to: " 0812 ", label: " Budi " };
  expect(membersOf([written, emptyLine()])).toEqual([{ to: "0812", label: "Budi", weight: 1 }]);
});

test("each line has a key of its own", () => {
  expect(emptyLine().key).not.toBe(emptyLine().key);
});
