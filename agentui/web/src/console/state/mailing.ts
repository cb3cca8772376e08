// What a reply by mail has besides its text: to whom it goes, its subject and its files. Pure.

import type { Address, Attachment, Envelope } from "../../wire/types";

export type Field = "to" | "cc" | "bcc";

export interface Mailing {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly confirmed: readonly string[];
  readonly subject: string;
  readonly files: readonly Attachment[];
}

/** What stands in a field and is no recipient yet. */
export type Typed = Readonly<Record<Field, string>>;

export const nothingTyped: Typed = { to: "", cc: "", bcc: "" };

/** What an item of the outbox carries: only what differs from what the gateway would choose by itself. */
export type Chosen = Partial<Mailing>;

export function begin(e: Envelope): Mailing {
  return { to: e.to.map((a) => a.value), cc: [], bcc: [], confirmed: [], subject: e.subject, files: [] };
}

/** What the agent sees of an envelope that has changed below him: what he touched stays. */
export function follow(m: Mailing, before: Envelope, now: Envelope): Mailing {
  const fresh = begin(now);
  const old = begin(before);
  return { ...m, to: same(m.to, old.to) ? fresh.to : m.to, subject: m.subject === old.subject ? fresh.subject : m.subject };
}

/** One address as the gateway keeps it, or null when it is none. A name before it in angle brackets is dropped. */
export function address(text: string): string | null {
  const inner = /<([^<>]*)>\s*$/.exec(text.trim())?.[1] ?? text;
  const found = inner.trim().toLowerCase();
  return found.length <= 254 && /^[^\s<>()[\]\\,;:@"]+@[^\s<>()[\]\\,;:@".]+(\.[^\s<>()[\]\\,;:@".]+)+$/.test(found) ? found : null;
}

/** Cuts what was typed or pasted into addresses and what is none. */
export function addresses(text: string): { good: string[]; bad: string } {
  const good: string[] = [];
  const bad: string[] = [];
  for (const piece of text.split(/[,;\n]+/)) {
    const a = address(piece);
    if (a) good.push(a);
    else if (piece.trim()) bad.push(piece.trim());
  }
  return { good, bad: bad.join(", ") };
}

export function add(m: Mailing, field: Field, list: readonly string[]): Mailing {
  const all = [...m.to, ...m.cc, ...m.bcc];
  return { ...m, [field]: [...m[field], ...list.filter((a, i) => !all.includes(a) && list.indexOf(a) === i)] };
}

export function remove(m: Mailing, field: Field, a: string): Mailing {
  return { ...m, [field]: m[field].filter((x) => x !== a), confirmed: m.confirmed.filter((x) => x !== a) };
}

export function confirm(m: Mailing, a: string): Mailing {
  return { ...m, confirmed: [...m.confirmed.filter((x) => x !== a), a] };
}

/** The recipients who were never on the conversation and are not confirmed. */
export function strangers(m: Mailing, known: readonly string[]): string[] {
  return [...m.to, ...m.cc, ...m.bcc].filter((a) => !known.includes(a) && !m.confirmed.includes(a));
}

/** Why a mail cannot leave as it is: a code of the dictionaries, or "". */
export function obstacle(m: Mailing, typed: Typed, known: readonly string[], pending: number): "" | "address" | "nobody" | "stranger" | "file" {
  if (Object.values(typed).some((text) => addresses(text).bad !== "")) return "address";
  if (m.to.length === 0) return "nobody";
  if (strangers(m, known).length > 0) return "stranger";
  return pending > 0 ? "file" : "";
}

/** Those the customer wrote to as well and who are not among the recipients. */
export function offered(m: Mailing, cc: readonly Address[]): Address[] {
  return cc.filter((a) => ![...m.to, ...m.cc, ...m.bcc].includes(a.value));
}

/** What has to be said to the gateway, which would write to `usual` under the envelope's own subject. */
export function chosen(m: Mailing, e: Envelope, usual: string): Chosen {
  const plain = same(m.to, [usual]) && m.cc.length + m.bcc.length === 0;
  return {
    ...(plain ? {} : { to: m.to, cc: m.cc, bcc: m.bcc, confirmed: m.confirmed }),
    ...(m.subject.trim() && m.subject !== e.subject ? { subject: m.subject } : {}),
    ...(m.files.length ? { files: m.files } : {}),
  };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}
