import { api, trust, whenSignedOut } from "../api/client.ts";
import type { components } from "../api/schema.d.ts";
import { navigate } from "../routes.ts";
import { isLanguage, speak } from "../words/words.svelte.ts";

export type Session = components["schemas"]["Session"];

let now = $state<Session | undefined>();

/** Who is signed in. */
export const session = {
  get now(): Session | undefined {
    return now;
  },
  get user(): Session["user"] | undefined {
    return now?.user;
  },
};

/** Begin with what the server says of us; the language is the person's own. */
export async function begin(told: Session): Promise<void> {
  now = told;
  trust(told.csrf_token);
  if (isLanguage(told.user.language)) await speak(told.user.language);
}

/** Ask who we are; without a session the sign-in page opens, and leads back here. */
export async function resume(): Promise<void> {
  if (now !== undefined) return;
  const { data } = await api.GET("/api/v1/session");
  if (data) await begin(data);
}

export async function signOut(): Promise<void> {
  await api.DELETE("/api/v1/session");
  now = undefined;
  await navigate("/login");
}

whenSignedOut(() => {
  now = undefined;
  void navigate("/login", { search: { to: location.pathname + location.search } });
});
