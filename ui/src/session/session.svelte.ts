import { api, trust, whenSignedOut } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { components } from "../api/schema.d.ts";
import { BASE, navigate } from "../routes.ts";
import { chooseTheme } from "../shell/theme.ts";
import { isLanguage, speak } from "../words/words.svelte.ts";

type Schemas = components["schemas"];
export type Session = Schemas["SessionAnswer"];
export type User = Schemas["UserAnswer"];

const LEFT_AS = "merpati.left";
const ENTERED_AS = "merpati.entered";
let now = $state.raw<Session | undefined>();

/** Who is signed in; nothing before `resume`, and after the session has ended. */
export const session = {
  get now(): Session | undefined {
    return now;
  },
  get user(): User | undefined {
    return now?.user ?? undefined;
  },
  /** The zone in which times are told: the person's, else the browser's. */
  get zone(): string {
    const own = now?.user?.time_zone;
    return own && isZone(own) ? own : Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
};

/** An older browser may not know every zone that the server does. */
function isZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/** Begin with what the server says of us: language, theme and zone are the person's own. */
export async function begin(told: Session): Promise<void> {
  now = told;
  localStorage.setItem(ENTERED_AS, whoIs(told));
  trust(told.csrf_token ?? "");
  if (told.user !== null) await adopt(told.user);
}

/** The user as they are now: what they prefer is in force at once. */
export async function adopt(user: User): Promise<void> {
  if (now !== undefined) now = { ...now, user };
  chooseTheme(user.theme);
  if (isLanguage(user.language)) await speak(user.language);
}

/** Ask who we are, once. Raises a `Problem` of status 401 when nobody is signed in. */
export async function resume(): Promise<void> {
  if (now !== undefined) return;
  const { data } = await api.GET("/api/v1/session");
  if (data) await begin(data);
}

/** Ask whether we are still signed in, here or in another tab, and what we prefer by now; or else sign in again. */
export async function prove(): Promise<void> {
  const before = now;
  try {
    const { data } = await api.GET("/api/v1/session");
    // what was changed here meanwhile is newer than this answer
    if (data === undefined || before === undefined || now !== before) return;
    if (whoIs(data) === whoIs(before)) await begin(data);
    else startAnew();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 401) await askToSignIn();
  }
}

/** Nothing of theirs stays in this browser's tabs: neither what they were writing nor what the pages have read. */
export async function signOut(): Promise<void> {
  await api.DELETE("/api/v1/session");
  localStorage.setItem(LEFT_AS, String(Date.now()));
  sessionStorage.clear();
  location.assign(`${BASE}/login`);
}

/** Go with another tab of this browser where somebody signs out, or another person signs in. */
export function followOthers(): void {
  addEventListener("storage", ({ key, newValue }) => {
    const isAnother = key === ENTERED_AS && now !== undefined && newValue !== whoIs(now);
    if (key === LEFT_AS || isAnother) startAnew();
  });
}

const whoIs = (told: Session): string => String(told.user?.id ?? "");

/** The cookie is no longer of the person whose data is on this page. */
function startAnew(): void {
  sessionStorage.clear();
  location.reload();
}

/** The sign-in page, which leads back to where we are. */
export async function askToSignIn(): Promise<void> {
  now = undefined;
  // several calls are refused at once, and each of them asks
  if (location.pathname === `${BASE}/login`) return;
  const here = location.pathname + location.search;
  await navigate("/login", { search: { to: here } });
}

whenSignedOut(() => void askToSignIn());
