import { headersOf, refusalOf } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { components } from "../api/schema.d.ts";

export type Kept = components["schemas"]["KeptFileAnswer"];
export type Upload = (file: File, told: (share: number) => void, signal: AbortSignal) => Promise<Kept>;

const PATH = "/api/v1/files";

/**
 * Sends a file to the server, and tells how much of it went (0 to 1). Refusals are thrown as a `Problem`. `fetch` tells
 * nothing on the way, so this is the older way to ask.
 */
export const upload: Upload = (file, told, signal) =>
  new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file);
    request.open("POST", PATH);
    for (const [name, value] of Object.entries(headersOf("POST"))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) told(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status === 201) done(JSON.parse(request.responseText) as Kept);
      else void refusalOf(answerOf(request), PATH).then(failed);
    };
    request.onerror = request.onabort = () => {
      failed(Problem.offline());
    };
    signal.addEventListener("abort", () => {
      request.abort();
    });
    request.send(form);
  });

function answerOf(request: XMLHttpRequest): Response {
  const id = request.getResponseHeader("X-Request-Id") ?? "";
  return new Response(request.responseText, { status: request.status, headers: { "X-Request-Id": id } });
}
