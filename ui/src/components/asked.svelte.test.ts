import { flushSync } from "svelte";
import { expect, onTestFinished, test } from "vitest";
import { Problem } from "../api/problem.ts";
import { asked, type Asked } from "./asked.svelte.ts";

function problem(fields: Record<string, string>): Problem {
  return Object.assign(Object.create(Problem.prototype) as Problem, {
    message: "Isian tidak sah",
    code: "input_invalid",
    fields,
  });
}

let shown = $state<string[]>([]);

/** A form whose page draws the fields that are `shown`, and that was refused for these. */
async function refusing(fields: Record<string, string>, drawn: string[]): Promise<Asked> {
  const form = asked();
  shown = drawn;
  const page = $effect.root(() => {
    $effect(() => shown.forEach((name) => void form.fields[name]));
  });
  onTestFinished(page);
  flushSync();
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

test("what is wrong with a field that was hidden meanwhile is said of the whole", async () => {
  const form = await refusing({ secret_key: "Terlalu pendek" }, ["name", "secret_key"]);
  expect(form.refused).toBe("");
  shown = ["name"];
  flushSync();
  await Promise.resolve();
  expect(form.refused).toBe("Terlalu pendek");
});
