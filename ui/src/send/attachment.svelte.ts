import { Problem } from "../api/problem.ts";
import type { components } from "../api/schema.d.ts";
import { sentenceOf } from "../components/asked.svelte.ts";
import { bytes } from "../words/format.ts";
import { t } from "../words/words.svelte.ts";
import { upload, type Kept, type Upload } from "./upload.ts";

import type { Need } from "./need.ts";

type Rules = components["schemas"]["FileRulesAnswer"];

const extensionOf = (name: string): string => name.toLowerCase().split(".").at(-1) ?? "";

/** The one file of a draft: chosen, on its way to the server, kept there, or refused. */
export class Attachment {
  name = $state("");
  size = $state(0);
  /** The address of the picture, in this browser or at the server; empty for what is no picture. */
  thumbnail = $state("");
  /** How much of it went, 0 to 1. */
  share = $state(0);
  kept = $state.raw<Kept>();
  /** Why it cannot be sent. */
  refused = $state("");
  rules = $state.raw<Rules>();
  /** What stands above the template that is chosen; none: any file may be. */
  need = $state.raw<Need>();
  #upload: Upload;
  #sending: AbortController | undefined;

  constructor(by: Upload = upload) {
    this.#upload = by;
  }

  /** Whether there is a file: one that was refused is not. */
  get isChosen(): boolean {
    return this.name !== "";
  }

  /** Upload this file instead of the one before. */
  async take(file: File): Promise<void> {
    this.remove();
    if (this.need && !this.need.extensions.includes(extensionOf(file.name))) {
      this.refused = t("ui.template.file_other", {
        name: file.name,
        what: t(`ui.send.file_is_${this.need.kind}`),
        kinds: this.need.extensions.join(", "),
      });
      return;
    }
    const most = this.#most(file.name);
    if (file.size > most) {
      const said = { name: file.name, size: bytes(file.size), most: bytes(most) };
      this.refused = t("ui.send.file_too_large", said);
      return;
    }
    this.name = file.name;
    this.size = file.size;
    if (file.type.startsWith("image/")) this.thumbnail = URL.createObjectURL(file);
    const mine = (this.#sending = new AbortController());
    try {
      const kept = await this.#upload(
        file,
        (share) => {
          if (!mine.signal.aborted) this.share = share;
        },
        mine.signal,
      );
      if (!mine.signal.aborted) this.kept = kept;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (mine.signal.aborted) return;
      this.remove();
      this.refused = t("ui.send.file_refused", { name: file.name, why: sentenceOf(problem) });
    }
  }

  /** How large a file of this name may be: of a name that tells nothing, as large as any. */
  #most(name: string): number {
    const extension = extensionOf(name);
    const rules =
      this.need ?? this.rules?.kinds.find((each) => each.extensions.includes(extension)) ?? this.rules;
    return rules?.most_bytes ?? Infinity;
  }

  /** One that the server has, as long as it has it. */
  keep(kept: Kept): void {
    if (Date.parse(kept.expires_at) <= Date.now()) return;
    this.name = kept.filename || t(`ui.send.file_is_${kept.kind}`);
    this.size = kept.size_bytes;
    this.thumbnail = kept.thumbnail ?? "";
    this.kept = kept;
  }

  /** Neither this browser nor the server can read the picture. */
  forgetPicture(): void {
    if (this.thumbnail.startsWith("blob:")) URL.revokeObjectURL(this.thumbnail);
    this.thumbnail = "";
  }

  /** As if none had been chosen; one that is on its way goes no further. */
  remove(): void {
    this.#sending?.abort();
    this.forgetPicture();
    this.name = this.refused = "";
    this.size = this.share = 0;
    this.kept = undefined;
  }
}

/** The file that was pasted or dropped; none where text came with it: a table that is copied brings its picture too. */
export function fileIn(data: Pick<DataTransfer, "files" | "types"> | null): File | undefined {
  return data === null || data.types.includes("text/plain") ? undefined : data.files[0];
}
