import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema.d.ts";
import { spoken } from "../words/words.svelte.ts";
import { Problem, problemOf } from "./problem.ts";

const SAFE = new Set(["GET", "HEAD"]);
let csrf = "";
let onSignedOut: () => void = () => undefined;

/** The token that goes with every change; the session tells it. */
export function trust(token: string): void {
  csrf = token;
}

/** Called when the server no longer knows our session. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

const ours: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", spoken.language);
    if (!SAFE.has(request.method)) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined;
    const problem = await problemOf(response);
    if (response.status === 401 && schemaPath !== "/api/v1/session") onSignedOut();
    throw problem;
  },
  onError: () => Problem.offline(),
};

/** Our API, typed by its own description. Every refusal is thrown as a `Problem`. */
export const api = createClient<paths>({ baseUrl: "/" });
api.use(ours);
