import type { components } from "../api/schema.d.ts";

type Schemas = components["schemas"];
export type Person = Schemas["PersonAnswer"];
export type Group = Schemas["GroupAnswer"];
export type Fault = Schemas["FaultAnswer"];
export type Line = Schemas["ChatLineAnswer"];

/** A line of the network's journal, as `GET /api/v1/simulator/events` tells it. */
export interface Happening {
  at: string;
  kind: string;
  device: number | null;
  person: string | null;
  line: string;
  detail: string;
}
