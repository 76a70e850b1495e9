import { describe, expect, test } from "vitest";
import { Problem } from "../api/problem.ts";
import { Attachment, fileIn } from "./attachment.svelte.ts";
import { Draft } from "./draft.svelte.ts";
import { needOf } from "./need.ts";
import { newFilling, type Filling } from "./template.ts";
import type { Kept } from "./upload.ts";

const PDF = new File(["%PDF-1.7"], "harga.pdf", { type: "application/pdf" });
const PNG = new File(["png"], "foto.png", { type: "image/png" });
const settle = (): Promise<void> => new Promise((done) => setTimeout(done));

function kept(id: number): Kept {
  return {
    id,
    kind: "document",
    mime: "application/pdf",
    size_bytes: 8,
    filename: "harga.pdf",
    thumbnail: null,
    uploaded_at: "2029-12-31T00:00:00.000Z",
    expires_at: "2030-01-01T00:00:00.000Z",
    removed_at: "2030-01-07T00:00:00.000Z",
    is_sent: false,
  };
}

interface Server {
  attachment: Attachment;
  asked: File[];
  signals: AbortSignal[];
  tell: (share: number) => void;
  accept: (id: number) => void;
  refuse: (problem: Problem) => void;
}

/** An attachment, and the server that it is uploaded to. */
function served(): Server {
  const asked: File[] = [];
  const signals: AbortSignal[] = [];
  const ends: {
    told: (share: number) => void;
    done: (file: Kept) => void;
    failed: (why: Problem) => void;
  }[] = [];
  const attachment = new Attachment(
    (file, told, signal) =>
      new Promise((done, failed) => {
        asked.push(file);
        signals.push(signal);
        ends.push({ told, done, failed });
      }),
  );
  return {
    attachment,
    asked,
    signals,
    tell: (share) => ends.shift()?.told(share),
    accept: (id) => ends.shift()?.done(kept(id)),
    refuse: (problem) => ends.shift()?.failed(problem),
  };
}

describe("the file of a draft", () => {
  test("is sent by its id once the server has it", async () => {
    const { attachment, accept } = served();
    const draft = new Draft(attachment);
    draft.device = 1;
    draft.targets = "0812";
    draft.attach(PDF);
    expect([draft.kind, draft.isWhole, draft.body().file]).toEqual(["file", false, undefined]);
    accept(7);
    await settle();
    expect([draft.isWhole, draft.body().file, draft.body().url]).toEqual([true, 7, undefined]);
  });

  test("stays while another kind or an address is tried", async () => {
    const { attachment, accept } = served();
    const draft = new Draft(attachment);
    draft.attach(PDF);
    accept(7);
    await settle();
    draft.isByAddress = true;
    draft.url = "https://toko.id/a.pdf";
    expect([draft.body().file, draft.body().url]).toEqual([undefined, "https://toko.id/a.pdf"]);
    draft.kind = "text";
    expect([draft.body().file, draft.body().url]).toEqual([undefined, undefined]);
    draft.kind = "file";
    draft.isByAddress = false;
    expect(draft.body().file).toBe(7);
    draft.clear();
    expect([attachment.isChosen, draft.kind]).toEqual([false, "text"]);
  });

  test("tells how much of it went", () => {
    const { attachment, tell } = served();
    void attachment.take(PDF);
    tell(0.4);
    expect([attachment.share, attachment.kept]).toEqual([0.4, undefined]);
  });

  test("goes no further when it is removed, and comes back by no late answer", async () => {
    const { attachment, signals, accept } = served();
    void attachment.take(PDF);
    attachment.remove();
    expect(signals[0]?.aborted).toBe(true);
    accept(7);
    await settle();
    expect([attachment.isChosen, attachment.kept]).toEqual([false, undefined]);
  });

  test("gives way to the one that is chosen next", async () => {
    const { attachment, accept } = served();
    void attachment.take(PDF);
    void attachment.take(PNG);
    accept(7);
    accept(8);
    await settle();
    expect([attachment.name, attachment.kept?.id]).toEqual(["foto.png", 8]);
  });

  test("shows a picture at once", () => {
    const { attachment } = served();
    void attachment.take(PNG);
    expect(attachment.thumbnail).toMatch(/^blob:/);
    attachment.remove();
    expect(attachment.thumbnail).toBe("");
  });

  test("shows a picture that the server has, which has no name, until it cannot be read", () => {
    const { attachment } = served();
    const thumbnail = "/api/v1/files/7/thumbnail";
    attachment.keep({
      ...kept(7),
      kind: "image",
      filename: "",
      thumbnail,
      expires_at: "2099-01-01T00:00:00Z",
    });
    expect([attachment.isChosen, attachment.thumbnail]).toEqual([true, thumbnail]);
    attachment.forgetPicture();
    expect([attachment.isChosen, attachment.thumbnail]).toEqual([true, ""]);
  });

  test("is not uploaded when it is known to be too large", () => {
    const { attachment, asked } = served();
    attachment.rules = {
      most_bytes: 9_000_000,
      extensions: ["png", "pdf"],
      kinds: [
        { kind: "image", most_bytes: 9_000_000, extensions: ["png"] },
        { kind: "document", most_bytes: 4, extensions: ["pdf"] },
      ],
    };
    void attachment.take(PDF);
    expect([asked.length, attachment.isChosen, attachment.refused]).toEqual([
      0,
      false,
      "ui.send.file_too_large",
    ]);
  });

  test("is refused in words, and the rest of the draft stays", async () => {
    const { attachment, refuse } = served();
    const draft = new Draft(attachment);
    draft.text = "Daftar harga";
    draft.attach(PDF);
    refuse(new Problem(422, "file_type", "Jenis berkas tidak diizinkan."));
    await settle();
    expect([attachment.isChosen, attachment.refused, draft.text]).toEqual([
      false,
      "ui.send.file_refused",
      "Daftar harga",
    ]);
    draft.attach(PNG);
    expect(attachment.refused).toBe("");
  });
});

describe("what is pasted or dropped", () => {
  test("is taken when it is a file, and not when it is the picture of a copied table", () => {
    const files = [PNG] as unknown as FileList;
    expect(fileIn({ files, types: ["Files"] })).toBe(PNG);
    expect(fileIn({ files, types: ["text/plain", "text/html", "Files"] })).toBeUndefined();
    expect(fileIn({ files: [] as unknown as FileList, types: ["text/html"] })).toBeUndefined();
    expect(fileIn(null)).toBeUndefined();
  });
});

describe("the file above a template", () => {
  const above = (header_kind: string): Filling =>
    newFilling({
      name: "katalog",
      language: "id",
      category: "MARKETING",
      status: "APPROVED",
      reason: "",
      header: "",
      header_kind,
      body: "Halo.",
      footer: "",
      buttons: [],
      named: false,
      unfillable: "",
      sendable: true,
    });

  test("is sent with it, and a file of another kind is not", async () => {
    const { attachment, accept } = served();
    const draft = new Draft(attachment);
    Object.assign(draft, { device: 1, targets: "0812", kind: "template", filling: above("document") });
    expect(draft.isWhole).toBe(false);
    draft.attach(PDF);
    accept(7);
    await settle();
    expect([draft.kind, draft.isWhole, draft.body().file]).toEqual(["template", true, 7]);
    draft.filling = above("image");
    expect(draft.isWhole).toBe(false);
    draft.filling = above("text");
    expect([draft.isWhole, draft.body().file]).toEqual([true, undefined]);
  });

  test("is refused before it is uploaded where it cannot stand there", async () => {
    const { attachment, asked } = served();
    attachment.need = { kind: "image", extensions: ["png", "jpg"], most_bytes: 2 };
    await attachment.take(PDF);
    expect(attachment.refused).toBe("ui.template.file_other");
    await attachment.take(PNG);
    expect(attachment.refused).toBe("ui.send.file_too_large");
    expect(asked).toEqual([]);
  });

  test("is what this server and the way to WhatsApp both take", () => {
    const rules: Parameters<typeof needOf>[1] = {
      most_bytes: 100,
      extensions: ["png", "jpg", "webp", "pdf"],
      kinds: [
        { kind: "image", most_bytes: 50, extensions: ["png", "jpg", "webp"] },
        { kind: "document", most_bytes: 100, extensions: ["pdf"] },
      ],
    };
    const jpeg = { max_bytes: 5, types: ["image/jpeg", "image/png"], max_caption: 0 };
    expect(needOf("image", rules, { image: jpeg })).toEqual({
      kind: "image",
      extensions: ["png", "jpg"],
      most_bytes: 5,
    });
    expect(needOf("document", rules, undefined).most_bytes).toBe(100);
  });
});
