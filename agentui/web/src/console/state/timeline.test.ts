import { describe, expect, test } from "vitest";
import type { Message } from "../../wire/types";
import { at, changed, conversation, entry, item, message, thread } from "./fixtures";
import { open, prepend, receive, refresh, withMessage } from "./timeline";

const opened = () => open(thread([item(3), item(4)]));
const now = (seq: number) => conversation({ id: "c1", state: "assigned", assignee: "anna", last_seq: seq });
const texts = (items: readonly { message?: Message }[]) => items.map((i) => i.message?.id ?? "event");

describe("an opened customer", () => {
  test("news is appended once", () => {
    const e = entry(11, "message.received", changed(now(5), { message: message({ id: "m5", seq: 5 }) }, "message.received"));
    const once = receive(opened(), e);
    expect(texts(once.items)).toEqual(["m3", "m4", "m5"]);
    expect(texts(receive(once, e).items)).toEqual(["m3", "m4", "m5"]);
    expect(once.conversation?.last_seq).toBe(5);
  });

  test("an entry about somebody else changes nothing", () => {
    const shown = opened();
    expect(receive(shown, entry(11, "message.received", changed({ ...now(5), customer: "u2" })))).toBe(shown);
  });

  test("delivery news goes into its message, not into the timeline", () => {
    const out = item(4, { message: message({ id: "m4", seq: 4, direction: "out", state: "queued", kind: "sms" }) });
    const e = entry(11, "message.delivery", changed(now(6), { delivery: { message: "m4", seq: 4, state: "delivered", kind: "sms" } }));
    const shown = receive(open(thread([item(3), out])), e);
    expect(texts(shown.items)).toEqual(["m3", "m4"]);
    expect(shown.items[1]?.message?.state).toBe("delivered");
  });

  test("E-49 what became of each recipient goes into the message and stays", () => {
    const out = item(4, { message: message({ id: "m4", seq: 4, direction: "out", state: "sent", kind: "email", details: { bcc: [{ kind: "email", value: "d@x.it" }] } }) });
    const told = { message: "m4", seq: 4, state: "sent", kind: "email", reports: [{ recipient: "b@x.it", action: "failed", code: "bad_address" }] } as const;
    const once = receive(open(thread([out])), entry(11, "message.delivery", changed(now(6), { delivery: { ...told, reports: [...told.reports] } })));
    const twice = receive(once, entry(12, "message.delivery", changed(now(7), { delivery: { message: "m4", seq: 4, state: "read", kind: "email" } })));
    const m = twice.items[0]?.message;
    expect([m?.state, m?.details?.reports?.[0]?.recipient, m?.details?.bcc?.length]).toEqual(["read", "b@x.it", 1]);
  });

  test("a message that was read anew takes the place of its older form", () => {
    const e = entry(11, "message.corrected", changed(now(6), { message: message({ id: "m4", seq: 4, text: "città" }) }, "message.corrected"));
    const shown = receive(opened(), e);
    expect(texts(shown.items)).toEqual(["m3", "m4"]);
    expect(shown.items[1]?.message?.text).toBe("città");
  });

  test("a message that left by another channel says which was asked for", () => {
    const out = item(4, { message: message({ id: "m4", seq: 4, direction: "out", state: "queued", kind: "sms" }) });
    const e = entry(11, "message.redirected", changed(now(6), { delivery: { message: "m4", seq: 4, state: "queued", kind: "email" } }));
    const m = receive(open(thread([out])), e).items[0]?.message;
    expect([m?.kind, m?.asked_kind]).toEqual(["email", "sms"]);
  });

  test("the server's answer and its event are one item", () => {
    const done = message({ id: "m5", seq: 5, direction: "out", author: { kind: "agent", id: "anna", name: "Anna" } });
    const answered = withMessage(opened(), done);
    const both = receive(answered, entry(11, "message.replied", changed(now(5), { message: done }, "message.replied")));
    expect(texts(both.items)).toEqual(["m3", "m4", "m5"]);
  });

  test("a fresh answer keeps the older pages that were loaded", () => {
    const shown = prepend(opened(), { items: [item(1), item(2)], before: "" });
    const fresh = refresh(shown, open(thread([item(4), item(5)], { timeline: { items: [item(4), item(5)], before: "x" } })));
    expect(texts(fresh.items)).toEqual(["m1", "m2", "m3", "m4", "m5"]);
    expect(fresh.before).toBe("");
  });

  test("a fresh answer that does not reach back to what is shown replaces it: a gap is worse than a shorter page", () => {
    const fresh = refresh(opened(), open(thread([item(90), item(91)])));
    expect(texts(fresh.items)).toEqual(["m90", "m91"]);
  });

  test("another conversation of the customer is kept with the others", () => {
    const other = conversation({ id: "c2", state: "waiting", last_seq: 1 });
    const shown = receive(opened(), entry(11, "conversation.opened", changed(other)));
    expect(shown.others.map((o) => o.id)).toEqual(["c2"]);
    expect(shown.conversation?.id).toBe("c1");
  });

  test("the decision that brought it here replaces the earlier one", () => {
    const decision = { rules_version: 3, rule_index: 1, reason: "only_one", agent: "anna" };
    expect(receive(opened(), entry(11, "conversation.assigned", changed(now(5), { decision }))).why).toEqual(decision);
  });

  test("items are in the order of their time", () => {
    const late = entry(11, "message.received", { ...changed(now(9), { message: message({ id: "m9", seq: 9 }) }, "message.received"), at: at(9) });
    const early = entry(12, "message.received", { ...changed(now(8), { message: message({ id: "m8", seq: 8 }) }, "message.received"), at: at(8) });
    expect(texts(receive(receive(opened(), late), early).items)).toEqual(["m3", "m4", "m8", "m9"]);
  });
});
