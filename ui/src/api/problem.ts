/** What the API refused, in the words of the user's language (RFC 9457), with the fields concerned. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Readonly<Record<string, string>> = {},
    readonly requestId = "",
  ) {
    super(message);
  }

  /** The server could not be reached: nothing is known about what was asked. */
  static offline(): Problem {
    return new Problem(0, "offline", "");
  }
}

interface Body {
  code?: string;
  title?: string;
  detail?: string;
  errors?: { field?: string; detail?: string }[];
}

/** The problem that an answer tells; any answer gives one. */
export async function problemOf(response: Response): Promise<Problem> {
  const body = await bodyOf(response);
  const fields = Object.fromEntries((body.errors ?? []).map((each) => [each.field ?? "", each.detail ?? ""]));
  return new Problem(
    response.status,
    body.code ?? `http_${String(response.status)}`,
    body.detail ?? body.title ?? response.statusText,
    fields,
    response.headers.get("X-Request-Id") ?? "",
  );
}

async function bodyOf(response: Response): Promise<Body> {
  try {
    return (await response.json()) as Body;
  } catch {
    return {};
  }
}
