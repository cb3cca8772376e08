import { describe, expect, test } from "vitest";
import { message } from "./fixtures";
import { bounceReason, branchable, branchOf, checkKey, ending, fileKind, givenWhole, guessHeight, headLines, held, listed, segments, thirdParty, told, verdict, when } from "./mail";

describe("E-44 segments", () => {
  test("part a text at byte offsets", () => {
    const text = "Perché no?\n\nIl giorno 3 ha scritto:\n> così\n\nGrazie\n-- \nAnna";
    const bytes = (s: string) => new TextEncoder().encode(s).length;
    const quote = { from: bytes("Perché no?\n\n"), to: bytes("Perché no?\n\nIl giorno 3 ha scritto:\n> così\n\n"), kind: "quote" };
    const signature = { from: bytes("Perché no?\n\nIl giorno 3 ha scritto:\n> così\n\nGrazie\n"), to: bytes(text), kind: "signature" };
    expect(segments(text, [quote, signature])).toEqual([
      { text: "Perché no?", kind: "" },
      { text: "Il giorno 3 ha scritto:\n> così", kind: "quote" },
      { text: "Grazie", kind: "" },
      { text: "-- \nAnna", kind: "signature" },
    ]);
  });

  test("leave nothing out, whatever the folds", () => {
    expect(segments("abc", [{ from: 2, to: 9, kind: "quote" }, { from: 2, to: 1, kind: "quote" }])).toEqual([{ text: "abc", kind: "" }]);
    expect(segments("", [])).toEqual([]);
  });
});

test("E-47 a sender is verified, not verified, failed, or not looked at", () => {
  const of = (trust?: object, direction: "in" | "out" = "in") => verdict(message({ id: "m", seq: 1, direction, details: { trust } }));
  expect(of({ dmarc: "pass" })).toBe("verified");
  expect(of({ dmarc: "fail", dkim: "pass" })).toBe("failed");
  expect(of({ dkim: "fail", spf: "fail" })).toBe("failed");
  expect(of({ dkim: "pass", spf: "none", dmarc: "none" })).toBe("unverified");
  expect(of(undefined)).toBeNull();
  expect(of({ dmarc: "pass" }, "out")).toBeNull();
});

test("E-23 somebody else in a customer's conversation is noticed", () => {
  const from = (value: string, auto?: "bounce") => message({ id: "m", seq: 1, kind: "email", from: { kind: "email", value }, auto });
  const own = [
    { kind: "sms", value: "+39340" },
    { kind: "email", value: "anna@example.it" },
  ];
  expect(thirdParty(from("Anna@example.it"), own)).toBe(false);
  expect(thirdParty(from("luca@example.it"), own)).toBe(true);
  expect(thirdParty(from("mailer-daemon@example.it", "bounce"), own)).toBe(false);
  expect(thirdParty(from("luca@example.it"), own.slice(0, 1))).toBe(false);
});

test("E-33 a status has a plain reason", () => {
  expect(bounceReason("5.1.1")).toBe("bad_address");
  expect(bounceReason("4.2.2")).toBe("mailbox_full");
  expect(bounceReason("5.9.9")).toBe("unknown");
  expect(bounceReason(undefined)).toBe("unknown");
});

test("E-49 a recipient's outcome is told by what it is", () => {
  expect(told({ action: "failed" })).toEqual({ tone: "failed", key: "report.failed" });
  expect(told({ action: "displayed" }).tone).toBe("arrived");
  expect(told({ action: "relayed" }).key).toBe("delivery.sent");
  expect(told({ action: "delayed" }).tone).toBe("late");
  expect(told({ action: "dispatched" })).toEqual({ tone: "other", key: "report.other" });
});

test("E-45 files have kinds, and those within the text are not listed", () => {
  expect(fileKind("application/octet-stream", "conto.XLSX")).toBe("sheet");
  expect(fileKind("image/png", "a")).toBe("image");
  expect(fileKind("application/x-foo", "a.foo")).toBe("file");
  const m = message({
    id: "m",
    seq: 1,
    has_html: true,
    parts: [
      { name: "logo.png", type: "image/png", size: 1, blob: "a", inline: true, cid: "x" },
      { name: "foto.jpg", type: "image/jpeg", size: 1, blob: "b" },
      { name: "a.svg", type: "image/svg+xml", size: 1, blob: "c" },
    ],
  });
  expect(listed(m).map((l) => [l.n, l.preview])).toEqual([
    [1, true],
    [2, false],
  ]);
});

test("a longer mail gets a higher frame", () => {
  const of = (text: string) => guessHeight(message({ id: "m", seq: 1, text }), false);
  expect(of("a\n".repeat(50))).toBeGreaterThan(of("a"));
  const far = message({ id: "m", seq: 1, text: "a", remote_images: true });
  expect(guessHeight(far, true)).toBeGreaterThan(guessHeight(far, false));
});

test("E-41 an appointment is told in the reader's zone, a whole day without hours", () => {
  expect(when("2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", false, "it", "Europe/Rome")).toMatch(/martedì 24 novembre 2026.*10:00.*11:00/);
  expect(when("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z", true, "it", "America/New_York")).toBe("martedì 24 novembre 2026");
  expect(when("2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z", true, "it")).toMatch(/24.*26 novembre/);
  expect(when("", undefined, false, "it")).toBe("");
});

describe("E-45 files that were looked at", () => {
  const part = (check?: string) => ({ name: "a", type: "image/png", size: 1, blob: "b", check }) as Parameters<typeof held>[0];

  test("gives out what is clean or could not be scanned", () => {
    expect([undefined, "clean", "unscanned", "infected", "forbidden", "too_large"].map((c) => held(part(c)))).toEqual([false, false, false, true, true, true]);
    expect(listed(message({ id: "m1", seq: 1, parts: [part("infected"), part("clean")] })).map(({ preview }) => preview)).toEqual([false, true]);
  });

  test("says what a reader must know", () => {
    expect(checkKey(part("clean"))).toBeNull();
    expect(checkKey(part("unscanned"))).toBe("attachment.check.unscanned");
  });
});

test("E-25 a conversation with the original sender is begun from a mail that passes his on, and found again", () => {
  const from = { kind: "email" as const, value: "carla@example.org" };
  const passed = message({ id: "m", seq: 1, kind: "email", raw: "b", details: { forward: { from, how: "inline" } } });
  expect(branchable(passed)).toBe(true);
  expect(branchable({ ...passed, raw: undefined })).toBe(false);
  expect(branchable({ ...passed, direction: "out" })).toBe(false);
  expect(branchable(message({ id: "m", seq: 1, kind: "email", raw: "b", details: { forward: { how: "inline" } } }))).toBe(false);
  const related = { id: "c2", number: 1002, of: "m" };
  const item = { id: "e", type: "conversation.branched" as const, at: "", actor: "agent:a", seq: 2, change: { conversation: null as never, related } };
  expect(branchOf([item], "m")).toEqual(related);
  expect(branchOf([item], "other")).toBeNull();
  expect(branchOf([], "m")).toBeNull();
});

test("a mail's head is told in lines, of which none is empty, and its whole is not given out with something dangerous in it", () => {
  const m = message({ id: "m", seq: 1, raw: "b", from: { kind: "email", name: "Anna", value: "anna@example.it" }, to: [{ kind: "email", value: "a@b.it" }, { kind: "email", value: "c@d.it" }] });
  expect(headLines(m, "3 March", 1)).toEqual([
    ["unread.from", "Anna <anna@example.it>"],
    ["unread.to", "a@b.it"],
    ["unread.date", "3 March"],
  ]);
  expect(givenWhole(m)).toBe(true);
  expect(givenWhole({ ...m, parts: [{ name: "a", type: "x/y", size: 1, blob: "b", check: "infected" }] })).toBe(false);
  expect(givenWhole({ ...m, raw: "" })).toBe(false);
  expect([ending("conto.xlsx"), ending("LEGGIMI"), ending("a.senzanome")]).toEqual(["XLSX", "", ""]);
});
