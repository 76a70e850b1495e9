import type { components } from "../api/schema.d.ts";

export type Message = components["schemas"]["MessageAnswer"];
export type Step = components["schemas"]["StepAnswer"];
