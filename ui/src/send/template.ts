import type { components } from "../api/schema.d.ts";

export type Shape = components["schemas"]["TemplateAnswer"];
type Given = components["schemas"]["Template"];
type GivenPlace = components["schemas"]["LocationGiven"];

/** A template while it is filled in: which one, and what stands in its blanks, by their names. */
export interface Filling {
  shape: Shape | null;
  header: Record<string, string>;
  body: Record<string, string>;
  /** By the button's place. */
  buttons: Record<string, string>;
  /** Of a template with a place above. */
  place: Place;
}

export interface Place {
  latitude: number | undefined;
  longitude: number | undefined;
  name: string;
  address: string;
}

/** A button that has a blank. */
export interface BlankButton {
  index: number;
  kind: "url" | "copy_code";
  text: string;
}

const BLANK = /\{\{\s*([a-z0-9_]+)\s*\}\}/gi;

export function newFilling(shape: Shape | null = null): Filling {
  const place = { latitude: undefined, longitude: undefined, name: "", address: "" };
  return { shape, header: {}, body: {}, buttons: {}, place };
}

/** What is filled in, in the template as it is now: of one that is gone, or goes out no more, nothing. */
export function renewed(filling: Filling, items: readonly Shape[]): Filling {
  const { shape } = filling;
  if (!shape) return filling;
  const now = items.find(({ name, language }) => name === shape.name && language === shape.language);
  if (!now?.sendable) return newFilling();
  return JSON.stringify(now) === JSON.stringify(shape) ? filling : { ...filling, shape: now };
}

/** What stands in a blank, whatever its name is. */
export function standsIn(values: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(values, name) ? (values[name] ?? "") : "";
}

/** The blanks of a text, each once: numbers in their order, names as they come. */
export function blanksOf(text: string): string[] {
  const found = [...new Set(Array.from(text.matchAll(BLANK), (match) => match[1] ?? ""))];
  return found.every((name) => /^\d+$/.test(name)) ? found.sort((a, b) => Number(a) - Number(b)) : found;
}

/** The text with its blanks filled in; one that is empty stays as it is written. */
export function filledIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(BLANK, (blank, name: string) => standsIn(values, name).trim() || blank);
}

/** Meta fills a code's button like an address's: the code is its end. */
export function blankButtons(shape: Shape): BlankButton[] {
  return shape.buttons.flatMap((button, index): BlankButton[] => {
    if (button.kind === "copy_code") return [{ index, kind: "copy_code", text: button.text }];
    if (button.kind === "otp" || blanksOf(button.url).length > 0)
      return [{ index, kind: "url", text: button.text }];
    return [];
  });
}

function isPlaced({ latitude, longitude, name, address }: Place): boolean {
  return latitude !== undefined && longitude !== undefined && name.trim() !== "" && address.trim() !== "";
}

/** Whether a template is chosen, and nothing of it is left blank; the file above it is the draft's. */
export function isFilled({ shape, header, body, buttons, place }: Filling): boolean {
  if (!shape) return false;
  const has = (values: Readonly<Record<string, string>>, name: string): boolean =>
    standsIn(values, name).trim() !== "";
  return (
    (shape.header_kind !== "location" || isPlaced(place)) &&
    blanksOf(shape.header).every((name) => has(header, name)) &&
    blanksOf(shape.body).every((name) => has(body, name)) &&
    blankButtons(shape).every((button) => has(buttons, String(button.index)))
  );
}

/** The place above it, as the API takes it; none: there is none, or it is not whole. */
export function givenPlace({ shape, place }: Filling): GivenPlace | undefined {
  const { latitude, longitude, name, address } = place;
  if (shape?.header_kind !== "location" || latitude === undefined || longitude === undefined)
    return undefined;
  return { latitude, longitude, name: name.trim(), address: address.trim() };
}

/** As the API takes it. */
export function givenTemplate({ shape, header, body, buttons }: Filling): Given | undefined {
  if (!shape) return undefined;
  const fill = (text: string, values: Readonly<Record<string, string>>): { text: string; name?: string }[] =>
    blanksOf(text).map((name) => ({
      text: standsIn(values, name).trim(),
      ...(shape.named ? { name } : {}),
    }));
  return {
    name: shape.name,
    language: shape.language,
    header: fill(shape.header, header),
    body: fill(shape.body, body),
    buttons: blankButtons(shape).map(({ index, kind }) => ({
      index,
      kind,
      value: (buttons[String(index)] ?? "").trim(),
    })),
  };
}
