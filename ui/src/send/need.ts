import type { components } from "../api/schema.d.ts";
import type { Shape } from "./template.ts";

type Rules = components["schemas"]["FileRulesAnswer"];
type Taken = components["schemas"]["CapabilitiesAnswer"]["files"];
export type FileKind = Exclude<components["schemas"]["MediaKind"], "audio">;

/** Which file stands above a template, and what the way to WhatsApp takes of that kind. */
export interface Need {
  kind: FileKind;
  extensions: string[];
  most_bytes: number;
}

const KINDS: ReadonlySet<string> = new Set<FileKind>(["image", "video", "document"]);
const TYPES: Readonly<Record<string, string>> = { jpg: "jpeg" };

/** The kind of file that stands above it; none: a text, a place, or nothing does. */
export function fileAbove(shape: Shape | null): FileKind | undefined {
  return shape && KINDS.has(shape.header_kind) ? (shape.header_kind as FileKind) : undefined;
}

/** What this server and the way to WhatsApp both take of this kind. */
export function needOf(kind: FileKind, rules: Rules, taken: Taken | undefined): Need {
  const here = rules.kinds.find((each) => each.kind === kind) ?? rules;
  const there = taken?.[kind];
  const types = there?.types ?? [];
  return {
    kind,
    extensions: here.extensions.filter(
      (extension) => types.length === 0 || types.includes(`${kind}/${TYPES[extension] ?? extension}`),
    ),
    most_bytes: Math.min(here.most_bytes, there?.max_bytes ?? Infinity),
  };
}
