import type { components } from "../api/schema.d.ts";

type Given = components["schemas"]["InteractiveGiven"];

/** WhatsApp's limits, in characters and pieces; the server checks them too. */
export const MOST = {
  buttons: 3,
  rows: 10,
  header: 60,
  footer: 60,
  button: 20,
  section: 24,
  row: 24,
  description: 72,
  url: 2_000,
} as const;
export const KINDS = ["buttons", "menu", "link"] as const;

export interface RowDraft {
  title: string;
  description: string;
}
export interface SectionDraft {
  title: string;
  rows: RowDraft[];
}

/** What is to be pressed, while it is being written. */
export interface Pressing {
  kind: (typeof KINDS)[number];
  header: string;
  footer: string;
  buttons: string[];
  open: string;
  sections: SectionDraft[];
  link: string;
  url: string;
}

export function newPressing(): Pressing {
  return {
    kind: "buttons",
    header: "",
    footer: "",
    buttons: ["", ""],
    open: "",
    sections: [newSection()],
    link: "",
    url: "",
  };
}

export function newSection(): SectionDraft {
  return { title: "", rows: [newRow()] };
}

export function newRow(): RowDraft {
  return { title: "", description: "" };
}

/** How many rows a list has, also those that say nothing yet. */
export function countRows(pressing: Pressing): number {
  return pressing.sections.reduce((sum, section) => sum + section.rows.length, 0);
}

/** As the API takes it, without what says nothing. A button's id is its words, so that a program reads them. */
export function givenOf(pressing: Pressing): Given {
  const frame = { header: pressing.header.trim(), footer: pressing.footer.trim() };
  if (pressing.kind === "buttons") return { buttons: { items: buttonsOf(pressing.buttons), ...frame } };
  if (pressing.kind === "link")
    return { link: { title: pressing.link.trim(), url: pressing.url.trim(), ...frame } };
  return { menu: { button: pressing.open.trim(), sections: sectionsOf(pressing.sections), ...frame } };
}

/** Whether there is something to press, with all that it needs. */
export function isWhole(pressing: Pressing): boolean {
  const given = givenOf(pressing);
  if (given.buttons) return given.buttons.items.length > 0;
  if (given.link) return given.link.title !== "" && given.link.url !== "";
  const sections = given.menu?.sections ?? [];
  const isTitled = sections.length < 2 || sections.every((section) => section.title);
  return given.menu?.button !== "" && sections.length > 0 && isTitled;
}

function buttonsOf(titles: readonly string[]): { id: string; title: string }[] {
  return titles
    .map((title) => title.trim())
    .filter(Boolean)
    .map((title) => ({ id: title, title }));
}

/** Rows of several sections may have the same words: then the later ones count in their ids. */
function sectionsOf(
  drafts: readonly SectionDraft[],
): { title: string; rows: { id: string; title: string; description: string }[] }[] {
  const seen = new Map<string, number>();
  return drafts
    .map((section) => ({
      title: section.title.trim(),
      rows: section.rows
        .map((row) => ({ title: row.title.trim(), description: row.description.trim() }))
        .filter((row) => row.title)
        .map((row) => ({ id: idOf(row.title, seen), ...row })),
    }))
    .filter((section) => section.rows.length > 0);
}

function idOf(title: string, seen: Map<string, number>): string {
  const before = seen.get(title) ?? 0;
  seen.set(title, before + 1);
  return before === 0 ? title : `${title} ${String(before + 1)}`;
}
