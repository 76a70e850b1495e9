import type { components } from "../api/schema.d.ts";

type Body = components["schemas"]["SendGiven"];

/** What is being written, and what of it makes the call. A kind of content that is not chosen is absent. */
export class Draft {
  device = $state(0);
  targets = $state("");
  text = $state("");
  schedule = $state("");
  delayFrom = $state(0);
  delayTo = $state(0);
  typing = $state(false);
  url = $state("");
  kind = $state<"text" | "location" | "poll" | "file">("text");
  latitude = $state<number | undefined>();
  longitude = $state<number | undefined>();
  pollName = $state("");
  choices = $state(["", ""]);
  several = $state(false);
  /** How many messages it makes, as the preview says; 0: not known. */
  count = $state(0);
  #key = "";
  #of = "";

  /** Whether enough is there to be sent. */
  get isWhole(): boolean {
    return this.device > 0 && this.targets.trim() !== "" && this.#hasContent;
  }

  get #hasContent(): boolean {
    switch (this.kind) {
      case "location":
        return this.latitude !== undefined && this.longitude !== undefined;
      case "poll":
        return this.filled.length >= 2 && this.text.trim() !== "";
      case "file":
        return this.url.trim() !== "";
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
    const now = JSON.stringify(this.body());
    if (now !== this.#of) {
      this.#of = now;
      this.#key = newKey();
    }
    return this.#key;
  }

  body(): Body {
    return {
      device: this.device,
      targets: this.targets.trim().replace(/\s*\n\s*/g, ","),
      text: this.text,
      ...(this.schedule ? { schedule: instantOf(this.schedule) } : {}),
      ...(this.delayTo > 0
        ? { delay_from_s: this.delayFrom, delay_to_s: Math.max(this.delayFrom, this.delayTo) }
        : {}),
      ...(this.typing ? { typing: true } : {}),
      ...(this.kind === "file" ? { url: this.url.trim() } : {}),
      ...(this.kind === "location"
        ? { location: { latitude: this.latitude ?? 0, longitude: this.longitude ?? 0 } }
        : {}),
      ...(this.kind === "poll"
        ? {
            poll: {
              name: this.pollName.trim() || this.text.trim(),
              choices: this.filled,
              several: this.several,
            },
          }
        : {}),
    };
  }

  /** Ready for the next one; the device stays. */
  clear(): void {
    this.targets = this.text = this.schedule = this.url = this.pollName = "";
    this.kind = "text";
    this.choices = ["", ""];
    this.latitude = this.longitude = undefined;
    this.count = 0;
  }
}

/** The moment that a field of type `datetime-local` says, for the API. */
function instantOf(typed: string): string {
  return new Date(typed).toISOString();
}

/** A browser gives `randomUUID` to secure pages only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
