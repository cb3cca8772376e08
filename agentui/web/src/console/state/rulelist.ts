// Changes to an ordered list of rules, and what is wrong with it by field. Pure.

import type { Rule, RuleProblem } from "../../wire/types";

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [item] = next.splice(from, 1);
  if (item === undefined || to < 0 || to > next.length) return [...list];
  next.splice(to, 0, item);
  return next;
}

/** A new rule stands before the last one, which always matches. */
export function added(rules: readonly Rule[], queue: string): Rule[] {
  const rule: Rule = { name: "", when: "", queue, priority: 50, skills: [] };
  return rules.length === 0 ? [rule] : [...rules.slice(0, -1), rule, rules[rules.length - 1] as Rule];
}

/** Whether two lists say the same. Absent skills and none are the same. */
export function same(a: readonly Rule[], b: readonly Rule[]): boolean {
  const plain = (r: Rule) => JSON.stringify([r.name, r.when, r.queue, r.priority, (r.skills ?? []).map((s) => [s.skill, s.level])]);
  return a.length === b.length && a.every((r, i) => plain(r) === plain(b[i] as Rule));
}

export function problemsOf(problems: readonly RuleProblem[], index: number, field: string): RuleProblem[] {
  return problems.filter((p) => p.index === index && p.field === field);
}

/** The text with the place of a fault split off: what stands before the column, and what begins there. */
export function split(when: string, column: number): [before: string, from: string] {
  const characters = [...when];
  const at = Math.max(0, Math.min(characters.length, column - 1));
  return [characters.slice(0, at).join(""), characters.slice(at).join("")];
}
