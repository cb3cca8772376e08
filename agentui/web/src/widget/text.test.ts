import { expect, test } from "vitest";
import { dayMark, pieces } from "./text";
import { fill, languages } from "./words";

test("C-22 only http and https become links, and text stays text", () => {
  expect(pieces("a <b>x</b> javascript:alert(1)")).toEqual([{ text: "a <b>x</b> javascript:alert(1)" }]);
  expect(pieces("vedi (https://example.com/a?b=1), poi")).toEqual([
    { text: "vedi (" },
    { text: "https://example.com/a?b=1", href: "https://example.com/a?b=1" },
    { text: "), poi" },
  ]);
  for (const s of ["", "https://", "x https://[ y", "http://a.it.", 'http://a.it"onload=x']) {
    expect(pieces(s).map((p) => p.text).join("")).toBe(s);
  }
});

test("day marks follow the visitor's calendar", () => {
  const now = new Date(2026, 2, 1, 0, 30).getTime();
  expect(dayMark(now, now, "it", "Oggi", "Ieri")).toBe("Oggi");
  expect(dayMark(now - 3_600_000, now, "it", "Oggi", "Ieri")).toBe("Ieri");
  expect(dayMark(new Date(2026, 1, 2).getTime(), now, "it", "Oggi", "Ieri")).toBe("lunedì 2 febbraio");
});

test("C-30 both languages say everything, with the same places to fill", () => {
  const places = (s: string) => [...s.matchAll(/\{\w+\}/g)].map((m) => m[0]);
  expect(Object.keys(languages.en)).toEqual(Object.keys(languages.it));
  for (const key of Object.keys(languages.it) as (keyof typeof languages.it)[]) {
    expect(places(languages.en[key]), key).toEqual(places(languages.it[key]));
    expect(languages.en[key], key).not.toBe("");
  }
  expect(fill("{name} {else}", { name: "Bea" })).toBe("Bea {else}");
});
