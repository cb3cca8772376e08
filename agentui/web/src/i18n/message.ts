// Messages with named values and plurals, the small part of ICU MessageFormat that the dictionaries use:
//   "Ciao {name}"   "{n, plural, one {# messaggio} other {# messaggi}}"
// Branches of a plural may hold values but no further plural.

export type Vars = Readonly<Record<string, string | number>>;

const plural = /\{(\w+), plural, one \{((?:[^{}]|\{\w+\})*)\} other \{((?:[^{}]|\{\w+\})*)\}\}/g;
const value = /\{(\w+)\}/g;

/** Fills a message of the given language. A value that is missing stays visible as its name. */
export function format(message: string, vars: Vars, locale: string): string {
  return message
    .replace(plural, (_, name: string, one: string, other: string) => {
      const n = Number(vars[name] ?? 0);
      const branch = new Intl.PluralRules(locale).select(n) === "one" ? one : other;
      return branch.replaceAll("#", new Intl.NumberFormat(locale).format(n));
    })
    .replace(value, (all, name: string) => String(vars[name] ?? all));
}

/** The names of the values that a message needs, sorted. */
export function names(message: string): string[] {
  const found = new Set<string>();
  for (const m of message.matchAll(/\{(\w+)(?:\}|, plural)/g)) found.add(m[1] ?? "");
  return [...found].sort();
}
