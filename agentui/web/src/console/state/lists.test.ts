import { describe, expect, test } from "vitest";
import { at, conversation } from "./fixtures";
import { held, nextWaiting, pending, queueOrder, workOrder, type Place } from "./lists";

const mine = (id: string, c: object = {}) => conversation({ id, state: "assigned", assignee: "anna", ...c });
const places = (...ids: string[]): Place[] => ids.map((id) => ({ id, section: "now" }));

describe("my work", () => {
  test("who waits on me now comes first, the longest on top; mail is due; the answered come last", () => {
    const all = [
      mine("answered", { last_out_at: at(9) }),
      mine("mail", { kind: "email", waiting_since: at(1) }),
      mine("late", { waiting_since: at(5) }),
      mine("long", { waiting_since: at(2) }),
      conversation({ id: "queued", state: "waiting", queue: "sales" }),
      mine("other", { assignee: "marco" }),
    ];
    expect(workOrder(all, "anna")).toEqual([
      { id: "long", section: "now" },
      { id: "late", section: "now" },
      { id: "mail", section: "due" },
      { id: "answered", section: "customer" },
    ]);
  });

  test("a queue is read by priority, then by who came first", () => {
    const waiting = (id: string, priority: number, s: number) => conversation({ id, state: "waiting", queue: "sales", priority, queued_at: at(s) });
    expect(queueOrder([waiting("b", 50, 1), waiting("c", 50, 2), waiting("a", 80, 9)]).map((p) => p.id)).toEqual(["a", "b", "c"]);
  });

  test("F8 goes round those who wait on me", () => {
    const all = [mine("a", { waiting_since: at(1) }), mine("b", { waiting_since: at(2) }), mine("c")];
    expect(nextWaiting(all, "anna", null, 1)).toBe("a");
    expect(nextWaiting(all, "anna", "a", 1)).toBe("b");
    expect(nextWaiting(all, "anna", "b", 1)).toBe("a");
    expect(nextWaiting(all, "anna", "a", -1)).toBe("b");
    expect(nextWaiting([mine("c")], "anna", null, 1)).toBeNull();
  });
});

describe("C20: a list that must not move", () => {
  test("keeps its rows and their order; those that have left are marked", () => {
    expect(held(places("a", "b", "c"), places("c", "d", "a"))).toEqual([
      { id: "a", section: "now" },
      { id: "b", section: "now", gone: true },
      { id: "c", section: "now" },
    ]);
  });

  test("a row that comes back is not marked any more", () => {
    const shown = held(places("a", "b"), places("a"));
    expect(held(shown, places("a", "b"))).toEqual(places("a", "b"));
  });

  test("counts what would come, leave or move, and nothing else", () => {
    expect(pending(places("a", "b", "c"), places("a", "b", "c"))).toBe(0);
    expect(pending(places("a", "b"), places("a", "b", "c"))).toBe(1);
    expect(pending(held(places("a", "b"), places("a")), places("a"))).toBe(1);
    expect(pending(places("a", "b", "c", "d"), places("d", "a", "b", "c"))).toBe(1);
    expect(pending(places("a"), [{ id: "a", section: "customer" }])).toBe(1);
  });
});
