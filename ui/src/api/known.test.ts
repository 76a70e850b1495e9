import createClient from "openapi-fetch";
import { expect, test } from "vitest";
import { knownAnswers } from "./known.ts";

test("what has not changed comes from memory, and is forgotten when told", async () => {
  const asked: (string | null)[] = [];
  const server = (request: Request): Promise<Response> => {
    const tag = request.headers.get("If-None-Match");
    asked.push(tag);
    const headers = { ETag: '"1"', "Content-Type": "application/json" };
    return Promise.resolve(
      tag ? new Response(null, { status: 304, headers }) : new Response('{"n":1}', { headers }),
    );
  };
  const known = knownAnswers();
  const client = createClient<Record<string, never>>({ baseUrl: "http://here", fetch: server });
  client.use(known);
  const read = async (): Promise<unknown> => (await client.GET("/home" as never)).data;
  expect([await read(), await read()]).toEqual([{ n: 1 }, { n: 1 }]);
  known.forget();
  await read();
  expect(asked).toEqual([null, '"1"', null]);
});
