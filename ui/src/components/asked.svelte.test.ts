import { expect, test } from "vitest";
import { Problem } from "../api/problem.ts";
import { asked } from "./asked.svelte.ts";

function problem(fields: Record<string, string>): Problem {
  return Object.assign(Object.create(Problem.prototype) as Problem, {
    message: "Isian tidak sah",
    code: "input_invalid",
    fields,
  });
}

async function refusing(fields: Record<string, string>, drawn: string[]): Promise<ReturnType<typeof asked>> {
  const form = asked();
  for (const name of drawn) void form.fields[name];
  await form.run(() => Promise.reject(problem(fields)));
  return form;
}

test("what is wrong with a field that the form draws is said there", async () => {
  const form = await refusing({ number: "Bukan nomor" }, ["name", "number"]);
  expect(form.refused).toBe("");
  expect(form.fields["number"]).toBe("Bukan nomor");
});

test("what is wrong with a field that it does not draw is said of the whole", async () => {
  const form = await refusing({ name: "Terlalu pendek", weight: "Bukan bobot" }, ["name"]);
  expect(form.refused).toBe("Bukan bobot");
});

test("a refusal that names no field is said of the whole", async () => {
  const form = await refusing({}, ["name"]);
  expect(form.refused).toBe("Isian tidak sah");
});
