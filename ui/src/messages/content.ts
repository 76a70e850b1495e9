import { said, t } from "../words/words.svelte.ts";

/** What a message holds, in a line: its text, else what kind of thing it is. */
export function contentOf(message: { text: string; content: string; code: string | null }): string {
  if (message.content === "text") return message.text;
  if (message.code === "undecryptable") return t("ui.content.undecryptable");
  const kind = said(`ui.content.${message.content}`, {}, message.content);
  return message.text ? `${kind}: ${message.text}` : kind;
}
