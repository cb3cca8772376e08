import { expect, test } from "vitest";
import type { Place } from "./lists";
import { layout, visible, windowedAbove } from "./window";

const places = (n: number): Place[] => Array.from({ length: n }, (_, i) => ({ id: `r${i}`, section: i < n / 2 ? "now" : "due" }));

test("headings and rows have their places", () => {
  const all = layout(places(4), 70, 30);
  expect(all.lines.map((l) => [l.key, l.top])).toEqual([
    ["# now", 0],
    ["r0", 30],
    ["r1", 100],
    ["# due", 170],
    ["r2", 200],
    ["r3", 270],
  ]);
  expect(all.height).toBe(340);
  expect(all.lines[0]?.count).toBe(2);
  expect(all.lines.at(-1)?.position).toBe(4);
});

test("a short list is whole in the page", () => {
  const all = layout(places(windowedAbove), 70, 30);
  expect(visible(all, 0, 300, null)).toBe(all.lines);
});

test("of ten thousand rows at most forty are in the page, and the active one always is", () => {
  const all = layout(places(10_000), 72, 32);
  const shown = visible(all, 300_000, 900, "r3");
  expect(shown.length).toBeLessThanOrEqual(40);
  expect(shown.some((l) => l.key === "r3")).toBe(true);
  const top = shown.find((l) => l.top >= 300_000);
  expect(top).toBeDefined();
});

test("what is in view is in the page at every place", () => {
  const all = layout(places(500), 72, 32);
  for (let scroll = 0; scroll < all.height; scroll += 997) {
    const keys = new Set(visible(all, scroll, 800, null).map((l) => l.key));
    const inView = all.lines.filter((l) => l.top + 72 > scroll && l.top < scroll + 800);
    expect(inView.filter((l) => !keys.has(l.key))).toEqual([]);
  }
});
