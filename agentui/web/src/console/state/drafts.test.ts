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
  const marco = new Drafts(store, "marco");
  expect([marco.get("c1", "reply"), marco.replies().size]).toEqual(["", 0]);
});

test("C10: whoever signs out or finds another's drafts on the device leaves nothing behind", () => {
  const store = memory();
  store.setItem("sportello.settings", "{}");
  const anna = new Drafts(store, "anna");
  anna.set("c1", "reply", "half a sentence");
  anna.set("c1", "mail", "{}");
  anna.set("c2", "note", "to colleagues");
  expect(anna.count()).toBe(2);
  anna.clear();
  expect([anna.count(), anna.get("c1", "mail"), store.length]).toEqual([0, "", 1]);
  anna.set("c1", "reply", "the page saves once more as it is closed");
  expect(store.length).toBe(1);
  new Drafts(store, "anna").set("c1", "reply", "the session ended here");
  const marco = new Drafts(store, "marco");
  expect([marco.count(), store.length]).toEqual([0, 1]);
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
