import { flushSync } from "svelte";
import { expect, test } from "vitest";
import { paged, type Paged, type PageOf } from "./paged.svelte.ts";

interface Row {
  id: number;
}

const rows = (from: number, to: number): Row[] =>
  Array.from({ length: from - to + 1 }, (_, n) => ({ id: from - n }));
const settle = (): Promise<void> => new Promise((done) => setTimeout(done));

/** A list of rows, newest first, three in a page; `newest` is the newest there is. */
function listOf(newest: { id: number }): { list: Paged<Row>; end: () => void } {
  let list: Paged<Row> | undefined;
  const end = $effect.root(() => {
    list = paged(
      (cursor): Promise<PageOf<Row>> => {
        const first = cursor === undefined ? newest.id : Number(cursor);
        const last = Math.max(1, first - 2);
        return Promise.resolve({ items: rows(first, last), next: last > 1 ? String(last - 1) : null });
      },
      (row) => row.id,
    );
  });
  flushSync();
  if (list === undefined) throw new Error("no list");
  return { list, end };
}

test("a list that is read afresh keeps what was read behind its first page", async () => {
  const newest = { id: 9 };
  const { list, end } = listOf(newest);
  await settle();
  await list.more();
  newest.id = 10;
  await list.reload();
  expect(list.items).toEqual(rows(10, 4));
  await list.more();
  expect(list.items).toEqual(rows(10, 1));
  expect(list.hasMore).toBe(false);
  end();
});

test("what has ended behind the last that is left is gone", async () => {
  const there = { rows: rows(5, 1) };
  let list: Paged<Row> | undefined;
  const end = $effect.root(() => {
    list = paged(
      () => Promise.resolve({ items: there.rows, next: null }),
      (row) => row.id,
    );
  });
  await settle();
  there.rows = rows(4, 4);
  await list?.reload();
  expect(list?.items).toEqual(rows(4, 4));
  end();
});

test("where the pages no longer meet, the list begins anew", async () => {
  const newest = { id: 9 };
  const { list, end } = listOf(newest);
  await settle();
  await list.more();
  newest.id = 50;
  await list.reload();
  expect(list.items).toEqual(rows(50, 48));
  expect(list.hasMore).toBe(true);
  end();
});

test("a page that was asked for is not lost to a list that is read afresh", async () => {
  const newest = { id: 9 };
  const { list, end } = listOf(newest);
  await settle();
  const more = list.more();
  newest.id = 10;
  await list.reload();
  await more;
  await settle();
  expect(list.items).toEqual(rows(10, 4));
  end();
});
