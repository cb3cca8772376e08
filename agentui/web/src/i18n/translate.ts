// The dictionaries and a translator of one language, without any state of the page.

import { en } from "./en";
import { it, type Key } from "./it";
import { format, type Vars } from "./message";

export type { Key } from "./it";
export type Locale = "it" | "en";
export type Translate = (key: Key, vars?: Vars) => string;

export const dictionaries: Record<Locale, Record<Key, string>> = { it, en };

/** A translator of one language that does not follow the person's choice. */
export function translator(locale: Locale): Translate {
  return (key, vars = {}) => format(dictionaries[locale][key], vars, locale);
}

/** The key of a stable code, or null when the dictionaries do not know the code. */
export function keyFor(prefix: string, code: string): Key | null {
  const key = `${prefix}.${code}`;
  return Object.hasOwn(it, key) ? (key as Key) : null;
}
