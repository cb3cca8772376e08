import { expect, test } from "vitest";
import { Drafts } from "./drafts";
import { memory } from "./memory";

test("C11: reply and note never share a place", () => {
  const d = new Drafts(memory(), "anna");
  d.set("c1", "reply", "to the customer");
  d.set("c1", "note", "to colleagues");
  expect([d.get("c1", "reply"), d.get("c1", "note")]).toEqual(["to the customer", "to colleagues"]);
  expect([...d.replies()]).toEqual([["c1", "to the customer"]]);
});

test("C10: a draft survives a reload, and belongs to its agent", () => {
  const store = memory();
  new Drafts(store, "anna").set("c1", "reply", "half a sentence");
  expect(new Drafts(store, "anna").get("c1", "reply")).toBe("half a sentence");
  expect(new Drafts(store, "marco").get("c1", "reply")).toBe("");
  expect(new Drafts(store, "marco").replies().size).toBe(0);
});

test("a draft is retired only by sending that very text", () => {
  const d = new Drafts(memory(), "anna");
  d.set("c1", "reply", "second version");
  d.retire("c1", "reply", "first version");
  expect(d.get("c1", "reply")).toBe("second version");
  d.retire("c1", "reply", "second version ");
  expect(d.get("c1", "reply")).toBe("");
});

test("a store that is full says so and throws nothing", () => {
  expect(new Drafts(memory(true), "anna").set("c1", "reply", "text")).toBe(false);
});
