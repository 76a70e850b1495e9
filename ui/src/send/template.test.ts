import { describe, expect, it } from "vitest";
import {
  blankButtons,
  blanksOf,
  filledIn,
  givenPlace,
  givenTemplate,
  isFilled,
  newFilling,
  renewed,
  type Shape,
} from "./template.ts";

const SHAPE: Shape = {
  name: "resi_baru",
  language: "id",
  category: "UTILITY",
  status: "APPROVED",
  reason: "",
  header: "Halo {{1}}",
  header_kind: "text",
  body: "Resi {{2}} untuk {{1}}.",
  footer: "",
  buttons: [
    { kind: "quick_reply", text: "Ya", url: "" },
    { kind: "url", text: "Lacak", url: "https://toko.example/{{1}}" },
    { kind: "copy_code", text: "Salin", url: "" },
  ],
  named: false,
  unfillable: "",
  sendable: true,
};

describe("a template", () => {
  it("has its blanks in their order, each once", () => {
    expect(blanksOf("{{2}} {{10}} {{1}} {{2}}")).toEqual(["1", "2", "10"]);
    expect(blanksOf("{{ nama }}, {{kota}}")).toEqual(["nama", "kota"]);
  });

  it("shows what is filled in, and what is not as it is written", () => {
    expect(filledIn("Resi {{2}} untuk {{1}}.", { "1": "Budi", "2": " " })).toBe("Resi {{2}} untuk Budi.");
  });

  it("asks for buttons that have a blank alone", () => {
    expect(blankButtons(SHAPE).map(({ index, kind }) => [index, kind])).toEqual([
      [1, "url"],
      [2, "copy_code"],
    ]);
    const code = { ...SHAPE, buttons: [{ kind: "otp", text: "Salin kode", url: "" }] };
    expect(blankButtons(code)).toEqual([{ index: 0, kind: "url", text: "Salin kode" }]);
  });

  it("is whole when nothing is left blank", () => {
    const filling = newFilling(SHAPE);
    expect(isFilled(newFilling())).toBe(false);
    Object.assign(filling.header, { "1": "Budi" });
    Object.assign(filling.body, { "1": "Budi", "2": "JNE1" });
    Object.assign(filling.buttons, { "1": "JNE1" });
    expect(isFilled(filling)).toBe(false);
    filling.buttons["2"] = "HEMAT";
    expect(isFilled(filling)).toBe(true);
    expect(givenTemplate(filling)).toEqual({
      name: "resi_baru",
      language: "id",
      header: [{ text: "Budi" }],
      body: [{ text: "Budi" }, { text: "JNE1" }],
      buttons: [
        { index: 1, kind: "url", value: "JNE1" },
        { index: 2, kind: "copy_code", value: "HEMAT" },
      ],
    });
  });

  it("is filled in as it is now, and not as it was when somebody began", () => {
    const filling = newFilling(SHAPE);
    filling.body["1"] = "Budi";
    expect(renewed(filling, [SHAPE])).toBe(filling);
    const changed = { ...SHAPE, body: "Resi {{1}}." };
    expect(renewed(filling, [changed])).toEqual({ ...filling, shape: changed });
    expect(renewed(filling, []).shape).toBeNull();
    expect(renewed(filling, [{ ...SHAPE, language: "en" }]).shape).toBeNull();
    expect(renewed(filling, [{ ...SHAPE, status: "PAUSED", sendable: false }]).shape).toBeNull();
    expect(renewed(newFilling(), [SHAPE]).shape).toBeNull();
  });

  it("has blanks of any name", () => {
    const filling = newFilling({
      ...SHAPE,
      named: true,
      header: "",
      body: "Halo {{constructor}}",
      buttons: [],
    });
    expect(filledIn("Halo {{constructor}}", filling.body)).toBe("Halo {{constructor}}");
    expect(isFilled(filling)).toBe(false);
    filling.body["constructor"] = "Budi";
    expect(isFilled(filling)).toBe(true);
  });

  it("names its blanks where they have names", () => {
    const filling = newFilling({ ...SHAPE, named: true, header: "", body: "Halo {{nama}}", buttons: [] });
    filling.body["nama"] = "{name}";
    expect(givenTemplate(filling)?.body).toEqual([{ name: "nama", text: "{name}" }]);
  });

  it("with a place above is whole with the place, and gives it", () => {
    const filling = newFilling({ ...SHAPE, header: "", header_kind: "location", body: "", buttons: [] });
    expect([isFilled(filling), givenPlace(filling)]).toEqual([false, undefined]);
    filling.place = { latitude: -6.2, longitude: 106.8, name: " Monas ", address: "" };
    expect(isFilled(filling)).toBe(false);
    filling.place.address = "Jakarta";
    expect(isFilled(filling)).toBe(true);
    expect(givenPlace(filling)).toEqual({
      latitude: -6.2,
      longitude: 106.8,
      name: "Monas",
      address: "Jakarta",
    });
    expect(givenPlace({ ...filling, shape: SHAPE })).toBeUndefined();
  });
});
