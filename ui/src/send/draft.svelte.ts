import type { components } from "../api/schema.d.ts";
import { LATEST } from "../words/format.ts";
import { Attachment } from "./attachment.svelte.ts";
import { givenOf, isWhole, newPressing } from "./pressing.svelte.ts";
import { fileAbove, type FileKind } from "./need.ts";
import { givenPlace, givenTemplate, isFilled, newFilling } from "./template.ts";
import type { Kept as Upload } from "./upload.ts";

export type Kind = "text" | "location" | "poll" | "file" | "interactive" | "contact" | "template";
type Body = components["schemas"]["SendGiven"];

const KEPT_AS = "merpati.draft";
/** What of a draft outlives the page; its file does too, once the server has it. */
const KEPT = [
  "device",
  "targets",
  "text",
  "isScheduled",
  "schedule",
  "delayFrom",
  "delayTo",
  "typing",
  "isByAddress",
  "url",
  "kind",
  "latitude",
  "longitude",
  "pollName",
  "choices",
  "several",
  "pressing",
  "filling",
  "contactName",
  "contactPhone",
  "asked",
] as const satisfies readonly (keyof Draft)[];
interface Note {
  of: number;
  draft: Partial<Draft>;
  file?: Upload;
}

/** What is being written, and what of it makes the call. A kind of content that is not chosen is absent. */
export class Draft {
  device = $state(0);
  targets = $state("");
  text = $state("");
  isScheduled = $state(false);
  schedule = $state("");
  delayFrom = $state(0);
  delayTo = $state(0);
  typing = $state(false);
  /** A file of theirs, or one that is named by its address. */
  isByAddress = $state(false);
  url = $state("");
  readonly attachment: Attachment;
  kind = $state<Kind>("text");
  latitude = $state<number | undefined>();
  longitude = $state<number | undefined>();
  pollName = $state("");
  choices = $state(["", ""]);
  several = $state(false);
  pressing = $state(newPressing());
  filling = $state(newFilling());
  contactName = $state("");
  contactPhone = $state("");
  /** How many messages it makes, as the preview says; 0: not known. */
  count = $state(0);
  /** The call that was made last, and its key. */
  asked = $state.raw({ body: "", key: "" });

  constructor(attachment = new Attachment()) {
    this.attachment = attachment;
  }

  /** Whether enough is there to be sent. */
  get isWhole(): boolean {
    return this.device > 0 && this.targets.trim() !== "" && this.#hasContent;
  }

  /** The kind of file that stands above the template that is chosen; none: no file does. */
  get above(): FileKind | undefined {
    return this.kind === "template" ? fileAbove(this.filling.shape) : undefined;
  }

  /** Whether a file goes with what is chosen. */
  get takesFile(): boolean {
    return this.kind === "file" || this.above !== undefined;
  }

  /** Whether the file is there, and is one that can stand where it is to. */
  get #hasFile(): boolean {
    if (this.isByAddress) return this.url.trim() !== "";
    const { kept } = this.attachment;
    return kept !== undefined && (this.above ?? kept.kind) === kept.kind;
  }

  get #hasContent(): boolean {
    switch (this.kind) {
      case "location":
        return this.latitude !== undefined && this.longitude !== undefined;
      case "poll":
        return this.filled.length >= 2 && this.text.trim() !== "";
      case "file":
        return this.#hasFile;
      case "interactive":
        return isWhole(this.pressing) && this.text.trim() !== "";
      case "template":
        return isFilled(this.filling) && (this.above === undefined || this.#hasFile);
      case "contact":
        return this.contactName.trim() !== "" && this.contactPhone.trim() !== "";
      case "text":
        return this.text.trim() !== "";
    }
  }

  /** The choices of the poll that say something. */
  get filled(): string[] {
    return this.choices.map((choice) => choice.trim()).filter(Boolean);
  }

  /** The same as long as the call is the same: so that a call that is made twice counts once. */
  get key(): string {
    const body = JSON.stringify(this.body());
    if (body !== this.asked.body) this.asked = { body, key: newKey() };
    return this.asked.key;
  }

  body(): Body {
    return {
      device: this.device,
      targets: this.targets.trim().replace(/\s*\n\s*/g, ","),
      text: this.kind === "contact" || this.kind === "template" ? "" : this.text,
      ...instantOf(this.schedule),
      ...(this.delayTo > 0
        ? { delay_from_s: this.delayFrom, delay_to_s: Math.max(this.delayFrom, this.delayTo) }
        : {}),
      ...(this.typing ? { typing: true } : {}),
      ...(this.takesFile ? this.#file : {}),
      ...this.#place,
      ...(this.kind === "poll"
        ? {
            poll: {
              name: this.pollName.trim() || this.text.trim(),
              choices: this.filled,
              several: this.several,
            },
          }
        : {}),
      ...(this.kind === "interactive" ? { interactive: givenOf(this.pressing) } : {}),
      ...(this.kind === "template" && this.filling.shape
        ? { interactive: { template: givenTemplate(this.filling) ?? null } }
        : {}),
      ...(this.kind === "contact"
        ? { contacts: [{ name: this.contactName.trim(), phones: [this.contactPhone.trim()] }] }
        : {}),
    };
  }

  get #place(): Pick<Body, "location"> {
    if (this.kind === "location")
      return { location: { latitude: this.latitude ?? 0, longitude: this.longitude ?? 0 } };
    const above = this.kind === "template" ? givenPlace(this.filling) : undefined;
    return above ? { location: above } : {};
  }

  get #file(): { url?: string; file?: number } {
    if (this.isByAddress) return { url: this.url.trim() };
    return this.attachment.kept ? { file: this.attachment.kept.id } : {};
  }

  /** A file of theirs is what it sends, or what stands above its template. */
  attach(file: File): void {
    if (!this.takesFile) this.kind = "file";
    this.isByAddress = false;
    void this.attachment.take(file);
  }

  /** Ready for the next one; the device stays. */
  clear(): void {
    this.targets = this.text = this.schedule = this.url = this.pollName = "";
    this.contactName = this.contactPhone = "";
    this.kind = "text";
    this.attachment.remove();
    this.isScheduled = this.isByAddress = false;
    this.choices = ["", ""];
    this.pressing = newPressing();
    this.filling = newFilling();
    this.latitude = this.longitude = undefined;
    this.count = 0;
    this.asked = { body: "", key: "" };
  }
}

let last: { draft: Draft; of: number } | undefined;

/** What this user was writing in this tab: it is there again when they come back to the page, or load it anew. */
export function draftOf(user: number): Draft {
  if (last?.of !== user) {
    last?.draft.attachment.remove();
    last = { draft: new Draft(), of: user };
    const note = read();
    if (note?.of === user) {
      Object.assign(last.draft, note.draft);
      last.draft.filling = { ...newFilling(), ...note.draft.filling };
      if (note.file) last.draft.attachment.keep(note.file);
    }
  }
  return last.draft;
}

/** Keep a draft in this tab, as it is now. What is too long for a browser to keep lives as long as the page. */
export function keep(draft: Draft, user: number): void {
  const note: Note = { of: user, draft: Object.fromEntries(KEPT.map((name) => [name, draft[name]])) };
  const { kept, name } = draft.attachment;
  if (kept) note.file = { ...kept, filename: kept.filename || name }; // of a picture its sender alone knows it
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify(note));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    sessionStorage.removeItem(KEPT_AS);
  }
}

function read(): Note | undefined {
  return (JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "null") as Note | null) ?? undefined;
}

/** The moment that a field of type `datetime-local` says, for the API; none while it says none that the API takes. */
function instantOf(typed: string): { schedule?: string } {
  const at = new Date(typed);
  return at <= new Date(LATEST) ? { schedule: at.toISOString() } : {};
}

/** A browser gives `randomUUID` to secure pages only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
