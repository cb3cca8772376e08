// The console's language: chosen by the person and remembered on the device.

import { dictionaries, keyFor, type Key, type Locale, type Translate } from "./translate";
import { format, type Vars } from "./message";

export type { Key, Locale, Translate } from "./translate";

const chosen = $state({ locale: "it" as Locale });

/** The message in the person's language. In a component it follows a change of language. */
export const t: Translate = (key, vars = {}) => format(dictionaries[chosen.locale][key], vars, chosen.locale);

/** The message for a stable code of the gateway, or `fallback` when this console does not know the code. */
export function coded(prefix: string, code: string, fallback: Key, vars: Vars = {}): string {
  return t(keyFor(prefix, code) ?? fallback, vars);
}

export function locale(): Locale {
  return chosen.locale;
}

export function setLocale(l: Locale): void {
  chosen.locale = l;
  document.documentElement.lang = l;
}

/** The language for a tag of the gateway or the browser such as "it-IT"; Italian when it is none of ours. */
export function localeOf(tag: string | undefined): Locale {
  return tag?.toLowerCase().startsWith("en") ? "en" : "it";
}
