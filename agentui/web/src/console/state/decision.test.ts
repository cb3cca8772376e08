import { describe, expect, test } from "vitest";
import { translator } from "../../i18n/translate";
import type { Decision } from "../../wire/types";
import { against, headline, path, spoken } from "./decision";

const names = { queue: (id: string) => (id === "ship" ? "Spedizioni" : id), agent: (id: string) => (id === "m" ? "Marco" : id) };
const [it, en] = [translator("it"), translator("en")];
const d = (x: Partial<Decision>): Decision => ({ rules_version: 4, rule_index: 0, reason: "nobody", ...x });

describe("a decision in words", () => {
  test("offered to who has been free the longest", () => {
    const x = d({ reason: "longest_idle", agent: "a", agent_name: "Anna", offer: "o1", idle_seconds: 370 });
    expect(headline(x, it, names)).toBe("Offerta ad Anna perché era la persona libera da più tempo (6 min).");
    expect(headline(x, en, names)).toBe("Offered to Anna because they had been free the longest (6 min).");
  });

  test("placed by a rule, and by the last one", () => {
    const x = d({ reason: "rule", rule: "Reclami", rule_index: 2, queue: "ship" });
    expect(headline(x, it, names)).toBe("In coda Spedizioni per la regola 2, «Reclami».");
    expect(headline({ ...x, rule: undefined }, it, names)).toBe("In coda Spedizioni perché nessun’altra regola valeva.");
    expect(headline(x, en, names)).toBe("Queued in Spedizioni by rule 2, “Reclami”.");
  });

  test("nobody can take it, and who is waited for", () => {
    expect(headline(d({ wait_seconds: 250 }), it, names)).toBe("In attesa da 4 min: nessuno può prenderla ora.");
    const x = d({ reason: "sticky_wait", wait_seconds: 12, agent: "m", agent_name: "Marco" });
    expect(headline(x, it, names)).toBe("In attesa da 12 s: aspetta Marco, che l’aveva già seguita.");
  });

  test("a reason that this console does not know is left out, not made up", () => {
    expect(headline(d({ reason: "by_moonlight", agent: "m", agent_name: "Marco" }), it, names)).toBe("Assegnata a Marco.");
    expect(headline(d({ reason: "by_moonlight", agent: "m" }), it, names)).toBe("Assegnata a Marco.");
  });

  test("who was ruled out and why", () => {
    const excluded = [
      { code: "AT_CAPACITY", agents: ["Marco"], count: 1 },
      { code: "AWAY", agents: ["Lea", "Ugo"], count: 4 },
      { code: "NOT_IN_QUEUE", agents: [], count: 11 },
      { code: "NEW_CODE", agents: ["Ida"], count: 1 },
    ];
    expect(against(d({ excluded }), it)).toEqual([
      "Marco: al completo.",
      "Lea, Ugo, altre 2 persone: assente.",
      "Altre 11 persone: fuori coda.",
      "Ida: NEW_CODE.",
    ]);
    expect(against(d({ excluded }), en)[2]).toBe("11 others: not in the queue.");
  });

  test("the rules on the way", () => {
    const x = d({ rule_index: 3, rule: "VIP", skipped: [{ index: 1, name: "Notte" }] });
    expect(path(x, it)).toEqual(["Regola 1, «Notte»: non vale", "Regola 3, «VIP»: vale"]);
    expect(path(d({}), it)).toEqual([]);
  });

  test("a time in its largest whole unit", () => {
    expect([59, 60, 7200, 200_000].map((s) => spoken(s, it))).toEqual(["59 s", "1 min", "2 h", "2 g"]);
  });
});
