import type { components } from "../api/schema.d.ts";

export type Home = components["schemas"]["HomeAnswer"];
export type Wait = Home["waits"][number];
