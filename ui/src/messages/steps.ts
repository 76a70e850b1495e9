import { session } from "../session/session.svelte.ts";
import { when } from "../words/format.ts";
import { said, t } from "../words/words.svelte.ts";
import type { Step } from "./message.ts";

export type StepShape = "dot" | "read" | "pause" | "cross" | "unsure";

const SHAPES: Readonly<Record<string, StepShape>> = { held: "pause", read: "read" };
const ENDS: Readonly<Record<string, StepShape>> = { failed: "cross", expired: "cross", uncertain: "unsure" };

/** How a step is drawn: by what it tells, not by its colour. */
export function shapeOf(step: Step, state: string): StepShape {
  if (step.kind === "tried") return step.key === "timeline.tried.no_answer" ? "unsure" : "cross";
  if (step.kind === "ended") return ENDS[state] ?? "dot";
  return SHAPES[step.kind] ?? "dot";
}

/** The step's sentence, its instants and codes put into words. */
export function sayStep(step: Step): string {
  const { until, why, ...values } = step.values;
  return said(
    step.key,
    {
      ...values,
      ...(until ? { until: when(new Date(until), { zone: session.zone }) } : {}),
      why: why ? said(`error.${why}`, {}, why) : t("timeline.no_reason"),
    },
    step.kind,
  );
}
