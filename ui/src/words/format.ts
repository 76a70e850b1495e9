import { spoken, t, type Language } from "./words.svelte.ts";

/** Whose way of writing numbers and times a language follows. */
const LOCALES: Record<Language, string> = { id: "id-ID", en: "en-GB" };
const locale = (): string => LOCALES[spoken.language];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `1.692` or `1,692`. */
export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

/** `97%`, of a share between 0 and 1. */
export function percent(share: number): string {
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** `20.58` or `20:58`; with seconds `20.58.11`. */
export function clock(
  at: Date,
  { seconds = false, zone }: { seconds?: boolean; zone?: string | undefined } = {},
): string {
  return new Intl.DateTimeFormat(locale(), {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    hourCycle: "h23",
    timeZone: zone,
  }).format(at);
}

/** `Sen 23 Nov`; another year's with the year. */
export function day(
  at: Date,
  { now = new Date(), zone }: { now?: Date; zone?: string | undefined } = {},
): string {
  return new Intl.DateTimeFormat(locale(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
    timeZone: zone,
  })
    .format(at)
    .replace(",", "");
}

/** The time today, else the day, for a column of moments. */
export function moment(
  at: Date,
  { now = new Date(), zone }: { now?: Date; zone?: string | undefined } = {},
): string {
  return day(at, { now, zone }) === day(now, { now, zone }) ? clock(at, { zone }) : day(at, { now, zone });
}

/** The time today, else the day and the time: for when something will be. */
export function when(
  at: Date,
  { now = new Date(), zone }: { now?: Date; zone?: string | undefined } = {},
): string {
  const time = clock(at, { zone });
  return day(at, { now, zone }) === day(now, { now, zone }) ? time : `${day(at, { now, zone })} ${time}`;
}

/** The day and the time in full, for a title or a sentence. */
export function fullMoment(at: Date, zone?: string): string {
  return new Intl.DateTimeFormat(locale(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
    timeZoneName: "short",
  }).format(at);
}

/** Relative up to an hour ("14 menit lalu"), then the time, then the date. */
export function ago(at: Date, now: Date): string {
  const since = at.getTime() - now.getTime();
  if (Math.abs(since) >= HOUR) return moment(at, { now });
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" });
  return Math.abs(since) < MINUTE
    ? relative.format(Math.round(since / 1000), "second")
    : relative.format(Math.round(since / MINUTE), "minute");
}

/** How long, in its two largest units: `1 jam 4 mnt`. */
export function span(ms: number): string {
  const units = [
    [DAY, "day"],
    [HOUR, "hour"],
    [MINUTE, "minute"],
    [1000, "second"],
  ] as const;
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(ms / 1000) * 1000);
  for (const [size, unit] of units) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0 || (unit === "second" && parts.length === 0))
      parts.push(new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(n));
  }
  return parts.slice(0, 2).join(" ");
}

/** `0812-0000-4471` for a number of ours, `+65 8123 4567` for others; a group by its last digits; names stay. */
export function phone(address: string): string {
  const group = /(\d{4})@g\.us$/.exec(address)?.[1];
  if (group !== undefined) return t("ui.group", { id: group });
  if (!/^\d{8,15}$/.test(address)) return address;
  const local = address.replace(/^62/, "0");
  if (!local.startsWith("0")) return `+${address}`;
  return [local.slice(0, 4), local.slice(4, 8), local.slice(8)].filter(Boolean).join("-");
}

/** Two letters for an avatar or a device's code. */
export function initials(name: string): string {
  const parts = name.split(/\s+/).filter((part) => /[\p{L}\p{N}]/u.test(part));
  const [first = "?", second] = parts;
  return (second ? first.slice(0, 1) + second.slice(0, 1) : first.slice(0, 2)).toUpperCase();
}

/** A moment as a field of type `datetime-local` holds it, in the browser's zone. */
export function localInput(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/** The last moment that such a field takes: browsers know years of six digits, the API none. */
export const LATEST = "9999-12-31T23:59";

/** `1,4 MB`. */
export function bytes(n: number): string {
  const [size, unit] = n < 1_000_000 ? [n / 1_000, "kilobyte"] : [n / 1_000_000, "megabyte"];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, maximumFractionDigits: 1 }).format(size);
}
