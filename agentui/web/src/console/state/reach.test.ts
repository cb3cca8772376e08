import { describe, expect, test } from "vitest";
import { translator } from "../../i18n/translate";
import type { Kind, ReachOption, Verdict } from "../../wire/types";
import { at } from "./fixtures";
import { effective, line, sendable, type Words } from "./reach";

const words: Words = { t: translator("it"), now: Date.parse(at(0)) + 180_000, name: "Anna", time: (iso) => iso.slice(11, 16) };
const option = (kind: Kind, o: Partial<ReachOption> = {}): ReachOption => ({ kind, usable: true, codes: ["available"], address: "x", ...o });
const verdict = (chosen: number, ...options: ReachOption[]): Verdict => ({ options, chosen, code: options[chosen]?.codes[0] ?? "no_address", at: at(0) });

describe("C06: the line above the text field", () => {
  test("the preferred channel", () => {
    expect(line(verdict(0, option("chat", { codes: ["preferred"], preferred: true })), "", words)).toBe("Canale preferito da Anna.");
  });

  test("where the customer wrote from", () => {
    expect(line(verdict(0, option("sms", { codes: ["last_inbound"], at: at(0) })), "", words)).toBe("Anna ha scritto da qui 3 min fa.");
  });

  test("the preferred one cannot be used", () => {
    const v = verdict(1, option("sms", { usable: false, preferred: true, codes: ["consent_withdrawn"] }), option("email"));
    expect(line(v, "", words)).toBe("Anna preferisce SMS, ma niente SMS: ha chiesto di non ricevere messaggi. Useremo email.");
  });

  test("the agent chose another than the preferred one", () => {
    const v = verdict(0, option("sms", { preferred: true, codes: ["preferred"] }), option("email"));
    expect(line(v, "email", words)).toBe("Anna preferisce SMS.");
  });

  test("the gateway chose another than the preferred one: its reason comes first", () => {
    const v = verdict(0, option("chat", { codes: ["visitor_here"] }), option("sms", { preferred: true, codes: ["preferred"] }));
    expect(line(v, "", words)).toBe("È nella chat adesso. Anna preferisce SMS.");
  });

  test("an unverified address is always said", () => {
    const v = verdict(0, option("email", { codes: ["conversation", "unverified_address"] }));
    expect(line(v, "", words)).toBe("È il canale di questa conversazione. L’indirizzo non è verificato: non inserire dati personali.");
  });

  test("no channel, and why", () => {
    const v = verdict(-1, option("email", { usable: false, codes: ["suppressed"], at: at(0) }), option("sms", { usable: false, codes: ["no_address"] }));
    expect(line(v, "", words)).toBe("Non c’è un canale utilizzabile. Questo recapito ha respinto i messaggi (12:00).");
  });

  test("a channel that comes back later will do when there is no other", () => {
    const v = verdict(-1, option("sms", { usable: false, codes: ["quiet_hours"], until: at(60) }));
    const chosen = effective(v, "");
    expect(chosen?.kind).toBe("sms");
    expect(chosen && sendable(chosen)).toBe(true);
    expect(line(v, "", words)).toBe("È nelle sue ore di silenzio: partirà alle 12:01.");
  });

  test("one that is refused for good will not", () => {
    expect(effective(verdict(-1, option("sms", { usable: false, codes: ["consent_withdrawn"] })), "")).toBeNull();
  });
});
