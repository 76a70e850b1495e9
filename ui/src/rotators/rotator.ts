import type { components } from "../api/schema.d.ts";

export type Rotator = components["schemas"]["RotatorAnswer"];
export type Kind = Rotator["kind"];

/** A member while it is being written. */
export interface Line {
  key: number;
  to: string;
  label: string;
  weight: number;
}

let newest = 0;

export function emptyLine(): Line {
  newest += 1;
  return { key: newest, to: "", label: "", weight: 1 };
}

/** A rotator's members as lines to write in; at least one. */
export function linesOf(rotator: Rotator | undefined): Line[] {
  const lines = (rotator?.members ?? []).map(({ to, label, weight }) => ({
    ...emptyLine(),
    to,
    label,
    weight,
  }));
  return lines.length > 0 ? lines : [emptyLine()];
}

/** What was written, without the lines that are empty. */
export function membersOf(lines: readonly Line[]): { to: string; label: string; weight: number }[] {
  return lines
    .filter(({ to }) => to.trim() !== "")
    .map(({ to, label, weight }) => ({ to: to.trim(), label: label.trim(), weight }));
}
