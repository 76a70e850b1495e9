import { describe, expect, test } from "vitest";
import { countRows, givenOf, isWhole, newPressing } from "./pressing.svelte.ts";

describe("what is to be pressed", () => {
  test("has the buttons that say something, by their words", () => {
    const pressing = newPressing();
    expect(isWhole(pressing)).toBe(false);
    pressing.buttons = [" Jadi ", "", "Batal"];
    pressing.footer = "Toko Ani ";
    expect(givenOf(pressing)).toEqual({
      buttons: {
        items: [
          { id: "Jadi", title: "Jadi" },
          { id: "Batal", title: "Batal" },
        ],
        header: "",
        footer: "Toko Ani",
      },
    });
    expect(isWhole(pressing)).toBe(true);
  });

  test("tells rows apart that have the same words, and leaves empty ones out", () => {
    const pressing = newPressing();
    pressing.kind = "menu";
    pressing.open = "Lihat";
    pressing.sections = [
      { title: "Teks", rows: [{ title: "Hemat", description: "10 rb" }] },
      {
        title: "Lengkap",
        rows: [
          { title: "Hemat", description: "" },
          { title: " ", description: "" },
        ],
      },
      { title: "Kosong", rows: [{ title: "", description: "x" }] },
    ];
    expect(countRows(pressing)).toBe(4);
    expect(givenOf(pressing).menu?.sections).toEqual([
      { title: "Teks", rows: [{ id: "Hemat", title: "Hemat", description: "10 rb" }] },
      { title: "Lengkap", rows: [{ id: "Hemat 2", title: "Hemat", description: "" }] },
    ]);
  });

  test("of a list with several sections needs their titles", () => {
    const pressing = newPressing();
    pressing.kind = "menu";
    pressing.open = "Lihat";
    pressing.sections = [
      { title: "", rows: [{ title: "A", description: "" }] },
      { title: "B", rows: [{ title: "B", description: "" }] },
    ];
    expect(isWhole(pressing)).toBe(false);
    pressing.sections = pressing.sections.map((section) => ({ ...section, title: section.title || "A" }));
    expect(isWhole(pressing)).toBe(true);
  });

  test("of a link needs words and an address", () => {
    const pressing = newPressing();
    pressing.kind = "link";
    pressing.link = "Bayar";
    expect(isWhole(pressing)).toBe(false);
    pressing.url = "https://toko.example";
    expect(isWhole(pressing)).toBe(true);
  });
});
