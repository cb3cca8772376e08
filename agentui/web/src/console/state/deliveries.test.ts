import { describe, expect, test } from "vitest";
import { en } from "../../i18n/en";
import { format } from "../../i18n/message";
import type { Translate } from "../../i18n/translate";
import type { TimelineItem } from "../../wire/types";
import { few, outcome, technical, worstFirst } from "./deliveries";
import { eventText } from "./events";

const t: Translate = (key, values = {}) => format(en[key], values, "en");

describe("what mail servers report", () => {
  test("is said in plain words, and as the server said it", () => {
    expect(outcome({ recipient: "a@b.it", action: "failed", status: "5.1.1" }, t)).toBe("Not delivered: the mailbox does not exist");
    expect(outcome({ action: "delayed", status: "4.4.1", guessed: true }, t)).toBe("Delayed, the server goes on trying: the recipient’s server does not answer");
    expect(outcome({ action: "failed", code: "too_large" }, t)).toBe(`Not delivered: ${en["fault.too_large"]}`);
    expect(outcome({ action: "failed", code: "never heard of" }, t)).toBe(`Not delivered: ${en["bounce_reason.unknown"]}`);
    expect(outcome({ action: "relayed" }, t)).toBe("Sent");
    expect(outcome({ action: "complaint", status: "5.1.1" }, t)).toBe("Reported as spam");
    expect(outcome({ action: "odd" }, t)).toBe("Reported");
    expect(technical({ status: "5.1.1", diagnostic: "550 5.1.1 User unknown" })).toBe("550 5.1.1 User unknown");
    expect(technical({ status: "5.2.2", diagnostic: "550 quota" })).toBe("5.2.2 · 550 quota");
    expect(technical({})).toBe("");
  });
});

test("of many recipients those are told first whom the mail did not reach, and of those a few", () => {
  const reports = ["relayed", "failed", "delayed", "failed", "delivered"].map((action, n) => ({ recipient: `${n}`, action }));
  expect(worstFirst(reports).map((r) => r.recipient)).toEqual(["1", "3", "2", "0", "4"]);
  expect(few(reports)).toHaveLength(3);
  expect(few(reports.slice(1))).toHaveLength(4);
});

describe("a stopped exchange", () => {
  const names = { queue: (id: string) => id, agent: (id: string) => id };
  const item = (reason: string, actor: string): TimelineItem =>
    ({ id: "1", type: "automatic.stopped", at: "2026-03-02T12:00:00Z", actor, change: { reason, detail: "robot@example.org" } }) as TimelineItem;

  test("says with whom and why", () => {
    expect(eventText(item("repeats", "system"), t, names)).toBe(
      "Stopped an automatic exchange with robot@example.org, because the other side answers with the same words again",
    );
    expect(eventText(item("released", "agent:giulia"), t, names)).toBe("giulia allowed automatic messages to robot@example.org again");
  });
});
