// Plain text made readable without ever becoming HTML: pieces of text and links, which the screen builds as elements.

export interface Piece {
  text: string;
  href?: string;
}

const link = /https?:\/\/[^\s<>"']+/gi;

/** Splits text into pieces; only http and https addresses become links, without the punctuation that ends a sentence. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const m of text.matchAll(link)) {
    const address = m[0].replace(/[.,;:!?)\]}»”’]+$/, "");
    let href: string;
    try {
      href = new URL(address).href;
    } catch {
      continue;
    }
    if (m.index > at) found.push({ text: text.slice(at, m.index) });
    found.push({ text: address, href });
    at = m.index + address.length;
  }
  if (at < text.length) found.push({ text: text.slice(at) });
  return found;
}

/** The day of a time as the visitor's calendar has it, as a key. */
export function day(at: number): string {
  const d = new Date(at);
  return `${d.getFullYear()}-${d.getMonth()}-${d.getDate()}`;
}

/** The mark above the first message of a day. */
export function dayMark(at: number, now: number, lang: string, today: string, yesterday: string): string {
  if (day(at) === day(now)) return today;
  const before = new Date(now);
  before.setDate(before.getDate() - 1);
  if (day(at) === day(before.getTime())) return yesterday;
  return new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long" }).format(at);
}

export function clock(at: number, lang: string): string {
  return new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit" }).format(at);
}
