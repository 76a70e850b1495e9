import type catalogue from "../../../src/merpati/locale/id.json";

export type Key = keyof typeof catalogue;
/** Keys that say the same in one form: `ui.x.one` and `ui.x.other` are counted as `ui.x`. */
export type Counted = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;
export type Values = Record<string, string | number>;
export type Language = (typeof LANGUAGES)[number];

export const LANGUAGES = ["id", "en"] as const;
const KEPT_AS = "merpati.language";
const LOADERS: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  id: () => import("virtual:words/id"),
  en: () => import("virtual:words/en"),
};
const MISSING = "…";

let language = $state<Language>("id");
let catalogueNow = $state.raw<Record<string, string>>({});

/** The language in force; a page that reads it is drawn anew when it changes. */
export const spoken = {
  get language(): Language {
    return language;
  },
};

/** Whether a text names one of our languages. */
export function isLanguage(text: string | null | undefined): text is Language {
  return LANGUAGES.some((one) => one === text);
}

/** The language chosen on this device, else the first of the browser's that we speak, else Indonesian. */
export function preferredLanguage(): Language {
  const kept = localStorage.getItem(KEPT_AS);
  if (isLanguage(kept)) return kept;
  return navigator.languages.map((each) => each.slice(0, 2)).find(isLanguage) ?? "id";
}

/** Speak this language from now on, on this device. */
export async function speak(chosen: Language): Promise<void> {
  catalogueNow = (await LOADERS[chosen]()).default;
  language = chosen;
  document.documentElement.lang = chosen;
  localStorage.setItem(KEPT_AS, chosen);
}

/** Speak what another tab of this browser chooses. */
export function followLanguage(): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === KEPT_AS && isLanguage(newValue)) void speak(newValue);
  });
}

/** The sentence under `key`, with `values` in its `{blanks}`; a blank without a value shows "…". */
export function t(key: Key, values: Values = {}): string {
  return fill(catalogueNow[key] ?? key, values);
}

/** The sentence of a key that the server named, or `otherwise` where we have no such sentence. */
export function said(key: string, values: Values = {}, otherwise = ""): string {
  const found = catalogueNow[key];
  return found === undefined ? otherwise : fill(found, values);
}

/** The sentence for a number of things: `{n}` is the number, written as the language writes it. */
export function count(stem: Counted, n: number, values: Values = {}): string {
  const form = `${stem}.${new Intl.PluralRules(language).select(n)}`;
  const text = catalogueNow[form] ?? catalogueNow[`${stem}.other`] ?? stem;
  return fill(text, { ...values, n: new Intl.NumberFormat(language).format(n) });
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? MISSING));
}
