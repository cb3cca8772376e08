import { describe, expect, test } from "vitest";
import { translator } from "../../i18n/translate";
import { blocks } from "./blocks";
import { eventText } from "./events";
import { at, changed, conversation, item, message } from "./fixtures";
import { effectivePresence } from "./presence";
import { added, moved, same, split } from "./rulelist";
import { matches } from "./search";
import { segments } from "./segments";
import { fold } from "./text";

describe("a long text", () => {
  test("a short one is whole", () => {
    expect(fold("Buongiorno,\n\ngrazie.")).toEqual({ start: "Buongiorno,\n\ngrazie.", body: "Buongiorno,\n\ngrazie.", quote: "" });
  });

  test("is cut after twelve lines", () => {
    const text = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
    const f = fold(text);
    expect(f.start.split("\n")).toHaveLength(12);
    expect(f.body).toBe(text);
  });

  test("loses its quoted end, with the line that introduces it", () => {
    const f = fold("Va bene.\n\nIl giorno 3 marzo Anna ha scritto:\n> Prima\n> Seconda\n");
    expect(f).toEqual({ start: "Va bene.", body: "Va bene.", quote: "Il giorno 3 marzo Anna ha scritto:\nPrima\nSeconda" });
  });

  test("that is nothing but a quote is shown", () => {
    expect(fold("> solo questo").body).toBe("> solo questo");
  });
});

test("SMS are counted in septets, or by two bytes when a character needs it", () => {
  expect(segments("a".repeat(160))).toEqual({ count: 1, unicode: false });
  expect(segments("a".repeat(161))).toEqual({ count: 2, unicode: false });
  expect(segments("€".repeat(80))).toEqual({ count: 1, unicode: false });
  expect(segments("perché sì, però".repeat(3))).toEqual({ count: 1, unicode: false });
  expect(segments("ciao 🙂")).toEqual({ count: 1, unicode: true });
  expect(segments("ё".repeat(71))).toEqual({ count: 2, unicode: true });
});

test("C27: search knows no accents", () => {
  expect(matches("Perché Niccolò", "perche nicco")).toBe(true);
  expect(matches("Spedizioni", "dizioni")).toBe(false);
});

describe("rules", () => {
  const rule = (name: string) => ({ name, when: "", queue: "q", priority: 50 });
  test("move by one place, and not beyond the ends", () => {
    expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
  });

  test("a new one stands before the last", () => {
    expect(added([rule("first"), rule("last")], "q").map((r) => r.name)).toEqual(["first", "", "last"]);
  });

  test("absent skills and none are the same", () => {
    expect(same([rule("a")], [{ ...rule("a"), skills: [] }])).toBe(true);
    expect(same([rule("a")], [{ ...rule("a"), priority: 51 }])).toBe(false);
  });

  test("a fault's column counts characters from one", () => {
    expect(split("chanel == 1", 1)).toEqual(["", "chanel == 1"]);
    expect(split("🙂 == x", 6)).toEqual(["🙂 == ", "x"]);
    expect(split("x", 99)).toEqual(["x", ""]);
  });
});

test("what was chosen and what it amounts to", () => {
  const a = { presence: "available" as const, load: { chat: 3 }, capacity: { chat: 3 } };
  expect(effectivePresence(a, true)).toBe("full");
  expect(effectivePresence({ ...a, load: { chat: 1 } }, true)).toBe("available");
  expect(effectivePresence(a, false)).toBe("unreachable");
  expect(effectivePresence({ ...a, presence: "away" }, false)).toBe("away");
});

test("routing events in a few words", () => {
  const names = { queue: () => "Fatturazione", agent: (id: string) => (id === "marco" ? "Marco" : "Anna") };
  const c = conversation({ id: "c1", state: "waiting", queue: "bill", last_seq: 5 });
  const e = changed(c, { reason: "transfer" }, "conversation.transferred");
  const text = eventText({ ...e, conversation: "c1", change: { conversation: c } }, translator("it"), names);
  expect(text).toBe("Marco l’ha passata a Fatturazione");
});

describe("a timeline", () => {
  const look = { current: "c1", others: [], open: new Set<string>(), dayOf: (iso: string) => iso.slice(0, 10) };
  const kinds = (items: Parameters<typeof blocks>[0], open: string[] = []) => blocks(items, { ...look, open: new Set(open) }).map((b) => b.t);

  test("messages follow each other within a minute", () => {
    const laid = blocks([item(1), item(30), item(200)], look);
    expect(laid.map((b) => (b.t === "message" ? b.follows : b.t))).toEqual(["day", false, true, false]);
  });

  test("a campaign is one line, also where all conversations are shown, until somebody answers it", () => {
    const mail = item(2, { conversation: "k", message: message({ id: "m2", seq: 2, conversation: "k", direction: "out", auto: "list" }) });
    const answer = item(3, { conversation: "k", message: message({ id: "m3", seq: 3, conversation: "k" }) });
    const types = (items: Parameters<typeof blocks>[0], open: string[] = []) => blocks(items, { ...look, current: null, open: new Set(open) }).map((b) => b.t);
    expect(kinds([item(1), mail])).toEqual(["day", "message", "other"]);
    expect(types([item(1), mail])).toEqual(["day", "message", "other"]);
    expect(types([item(1), mail], ["k"])).toEqual(["day", "message", "other", "message"]);
    expect(types([item(1), mail, answer])).toEqual(["day", "message", "message", "message"]);
  });

  test("a change of channel is a rule of its own, for notes it is not", () => {
    const sms = item(2, { message: message({ id: "m2", seq: 2, kind: "sms" }) });
    const note = item(3, { message: message({ id: "m3", seq: 3, kind: undefined, direction: "note" }) });
    expect(kinds([item(1), sms, note])).toEqual(["day", "message", "channel", "message", "message"]);
  });

  test("routing events are one block, another conversation is one line that opens", () => {
    const event = (seq: number) => item(seq, { type: "conversation.queued", message: undefined });
    const other = item(4, { id: "x4", conversation: "c9", message: message({ id: "m4", seq: 4, conversation: "c9" }) });
    expect(kinds([event(1), event(2), item(3), other])).toEqual(["day", "events", "message", "other"]);
    expect(kinds([event(1), event(2), item(3), other], ["c9"])).toEqual(["day", "events", "message", "other", "message"]);
  });

  test("what belongs to the customer alone does not part a conversation", () => {
    const other = (seq: number) => item(seq, { id: `x${seq}`, conversation: "c9", message: message({ id: `m${seq}`, seq, conversation: "c9" }) });
    const consent = item(2, { id: "k2", type: "customer.changed", conversation: undefined, message: undefined });
    expect(kinds([other(1), consent, other(3), item(4)])).toEqual(["day", "other", "message"]);
  });

  test("another conversation's mere routing is not a line of its own", () => {
    const routed = item(5, { id: "x5", conversation: "c9", type: "conversation.assigned", message: undefined });
    expect(kinds([item(1), routed, item(6)])).toEqual(["day", "message", "message"]);
  });

  test("every day begins with its name", () => {
    expect(kinds([item(1), item(2, { at: "2026-11-22T09:00:00Z" })])).toEqual(["day", "message", "day", "message"]);
    expect(at(1).slice(0, 10)).toBe("2026-11-21");
  });
});
