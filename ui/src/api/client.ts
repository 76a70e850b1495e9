import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema.d.ts";
import { spoken } from "../words/words.svelte.ts";
import { knownAnswers } from "./known.ts";
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

/** What a request says of us besides its cookie. */
export function headersOf(method: string): Record<string, string> {
  const language = { "Accept-Language": spoken.language };
  return SAFE.has(method) ? language : { ...language, "X-CSRF-Token": csrf };
}

/** The problem that a refusal tells; who is no longer signed in is asked to. */
export async function refusalOf(response: Response, path: string): Promise<Problem> {
  const problem = await problemOf(response);
  if (response.status === 401 && path !== "/api/v1/session") {
    known.forget();
    onSignedOut();
  }
  return problem;
}

const known = knownAnswers();
const ours: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(headersOf(request.method))) request.headers.set(name, value);
    return request;
  },
  async onResponse({ response, schemaPath }) {
    if (!response.ok) throw await refusalOf(response, schemaPath);
    return undefined;
  },
  onError: () => Problem.offline(),
};

/** Our API, typed by its own description. Every refusal is thrown as a `Problem`. */
export const api = createClient<paths>({ baseUrl: "/" });
api.use(ours);
api.use(known);
