import { describe, expect, test } from "vitest";
import { problemOf } from "./problem.ts";

const answer = (body: BodyInit, status: number): Response =>
  new Response(body, { status, headers: { "X-Request-Id": "8812" } });

describe("what the API refused", () => {
  test("is said in the server's words, field by field", async () => {
    const body = JSON.stringify({
      code: "input_invalid",
      detail: "Ada isian yang salah.",
      errors: [{ field: "name", detail: "Terlalu pendek." }],
    });
    const problem = await problemOf(answer(body, 422));
    expect(problem.message).toBe("Ada isian yang salah.");
    expect(problem.fields).toEqual({ name: "Terlalu pendek." });
    expect([problem.status, problem.code, problem.requestId]).toEqual([422, "input_invalid", "8812"]);
  });

  test("is still a problem when a proxy answered in its own way", async () => {
    const problem = await problemOf(answer("<h1>Bad gateway</h1>", 502));
    expect([problem.status, problem.code]).toEqual([502, "http_502"]);
  });
});
