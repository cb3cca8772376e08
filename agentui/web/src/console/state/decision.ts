// Prints a decision of the router as a person would say it, from the data alone, so that what is read is what was decided. Pure.
//
//   "Offerta ad Anna perché era la persona libera da più tempo (6 min). Marco: al completo. Altre 11 persone: fuori coda."

import { keyFor, type Translate } from "../../i18n/translate";
import type { Decision, ExcludedAgents } from "../../wire/types";

export interface Names {
  queue(id: string): string;
  agent(id: string): string;
}

/** The decision as one sentence, without who was ruled out. */
export function headline(d: Decision, t: Translate, names: Names): string {
  const agent = d.agent_name || (d.agent ? names.agent(d.agent) : "");
  const queue = d.queue ? names.queue(d.queue) : "";
  if (d.reason === "rule") {
    return d.rule ? t("why.rule", { queue, n: d.rule_index, rule: d.rule }) : t("why.rule_last", { queue });
  }
  if (d.reason === "sticky_wait") return t("why.sticky_wait", { wait: spoken(d.wait_seconds ?? 0, t), agent });
  if (!d.agent) return t("why.nobody", { wait: spoken(d.wait_seconds ?? 0, t) });
  const to = t(/^a/i.test(agent) ? "why.to_a" : "why.to", { agent });
  const verb = t(d.offer ? "why.offered" : "why.assigned", { to });
  const because = reason(d, t);
  return because ? `${verb} ${because}.` : `${verb}.`;
}

/** Who was not chosen and why, one line for each reason. */
export function against(d: Decision, t: Translate): string[] {
  return (d.excluded ?? []).filter((g) => g.count > 0).map((g) => ruledOut(g, t));
}

/** The rules that were asked before the one that matched. */
export function path(d: Decision, t: Translate): string[] {
  const skipped = (d.skipped ?? []).map((s) => t("why.skipped", { n: s.index, rule: s.name }));
  if (d.rule_index === 0) return [];
  return [...skipped, t("why.matched", { n: d.rule_index, rule: d.rule || t("why.otherwise") })];
}

/** A time in its largest whole unit. */
export function spoken(seconds: number, t: Translate): string {
  if (seconds < 60) return t("span.s", { n: seconds });
  if (seconds < 3600) return t("span.min", { n: Math.floor(seconds / 60) });
  if (seconds < 86_400) return t("span.h", { n: Math.floor(seconds / 3600) });
  return t("span.d", { n: Math.floor(seconds / 86_400) });
}

function reason(d: Decision, t: Translate): string {
  const key = keyFor("why.because", d.reason);
  return key ? t(key, { idle: spoken(d.idle_seconds ?? 0, t) }) : "";
}

function ruledOut(g: ExcludedAgents, t: Translate): string {
  const names = [...(g.agents ?? [])];
  const more = g.count - names.length;
  if (more > 0) names.push(t(names.length > 0 ? "why.more" : "why.others", { n: more }));
  const key = keyFor("why.code", g.code);
  return t("why.against", { names: names.join(", "), code: key ? t(key) : g.code });
}
