import { expect, test } from "vitest";
import { blocks } from "./blocks";
import { at, conversation, item, message } from "./fixtures";
import { family, mergedBy, targets } from "./merging";
import type { Opened } from "./timeline";

const merged = (id: string, into: string, more = {}) => conversation({ id, state: "closed", merged_into: into, merged_at: at(10), ...more });

test("a conversation's family is what was merged into it, over any number of steps", () => {
  const others = [merged("a", "b"), merged("b", "c"), merged("x", "y"), conversation({ id: "y" })];
  expect([...family("c", others)].sort()).toEqual(["a", "b"]);
  expect([...family("y", others)]).toEqual(["x"]);
  expect([...family("a", others)]).toEqual([]);
});

test("merged is what stands by itself; an open one never into a closed one", () => {
  const open = conversation({ id: "o", state: "waiting", created_at: at(1) });
  const later = conversation({ id: "l", state: "assigned", created_at: at(2) });
  const closed = conversation({ id: "c", state: "closed", created_at: at(3) });
  const others = [closed, open, later, merged("m", "o"), conversation({ id: "z", customer: "u2" })];
  expect(targets(conversation({ id: "me" }), others).map((c) => c.id)).toEqual(["l", "o"]);
  expect(targets(conversation({ id: "me", state: "closed" }), others).map((c) => c.id)).toEqual(["l", "o", "c"]);
  expect(targets(merged("me", "o"), others)).toEqual([]);
});

test("what was merged into the opened one belongs to it, and the merge is told once", () => {
  const theirs = item(2, { id: "x2", conversation: "a", message: message({ id: "m2", seq: 2, conversation: "a" }) });
  const told = item(10, { id: "x10", conversation: "a", type: "conversation.merged", message: undefined });
  const joined = item(11, { type: "conversation.joined", message: undefined });
  const look = { open: new Set<string>(), dayOf: (iso: string) => iso.slice(0, 10) };
  const kinds = (current: string | null, others = [merged("a", "c1")]) => blocks([item(1), theirs, told, joined], { ...look, current, others }).map((b) => b.t);
  expect(kinds("c1")).toEqual(["day", "message", "message", "merge"]);
  expect(kinds("c1", [conversation({ id: "a" })])).toEqual(["day", "message", "other", "merge"]);
  expect(kinds("a", [conversation({ id: "c1" })])).toEqual(["day", "other", "message", "merge"]);
  expect(kinds(null)).toEqual(["day", "message", "message", "merge"]);
});

test("a merge is undone where it still holds, by the card that tells of it, for 30 days", () => {
  const opened = { conversation: conversation({ id: "c1" }), others: [merged("a", "c1")] } as unknown as Opened;
  const related = { id: "a", number: 1, of: "" };
  const joined = item(10, { type: "conversation.joined", message: undefined, change: { conversation: conversation({ id: "c1" }), related } });
  const now = Date.parse(at(60));
  expect(mergedBy(joined, opened, now)).toBe("a");
  expect(mergedBy({ ...joined, at: at(5) }, opened, now)).toBe(""); // an earlier one, undone since
  expect(mergedBy({ ...joined, type: "conversation.parted" }, opened, now)).toBe("");
  expect(mergedBy(joined, { ...opened, others: [conversation({ id: "a" })] }, now)).toBe("");
  expect(mergedBy(joined, opened, now + 31 * 24 * 3600_000)).toBe("");
});
