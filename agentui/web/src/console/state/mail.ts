// What is shown of a mail beside its words. Pure.

import type { Key } from "../../i18n/index.svelte";
import type { Address, Message, Related, Report, TimelineItem } from "../../wire/types";

export interface Fold {
  from: number; // bytes of UTF-8
  to: number;
  kind: string;
}

export interface Segment {
  text: string;
  kind: string; // "" for the sender's own words, else the kind of the fold
}

/** A text in the order in which it is read, parted at its folds. Folds that do not fit the text are left out. */
export function segments(text: string, folds: readonly Fold[]): Segment[] {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const out: Segment[] = [];
  const add = (from: number, to: number, kind: string) => {
    const piece = decoder.decode(bytes.subarray(from, to)).replace(/^\s*\n|\s+$/gu, "");
    if (piece.trim() !== "") out.push({ text: piece, kind });
  };
  let at = 0;
  for (const f of folds) {
    if (f.from < at || f.to <= f.from || f.to > bytes.length) continue;
    add(at, f.from, "");
    add(f.from, f.to, f.kind);
    at = f.to;
  }
  add(at, bytes.length, "");
  return out;
}

export type Verdict = "verified" | "unverified" | "failed";

/** Whether it is known that a mail comes from whom it names; null when nobody has looked. */
export function verdict(m: Message): Verdict | null {
  const t = m.details?.trust;
  if (m.direction !== "in" || !t) return null;
  if (t.dmarc === "fail") return "failed";
  if (t.dmarc === "pass") return "verified";
  return t.dkim === "fail" && t.spf === "fail" ? "failed" : "unverified";
}

/** Whether a customer's mail comes from an address that is not one of his: somebody else writes in his conversation. */
export function thirdParty(m: Message, identities: readonly { kind: string; value: string }[]): boolean {
  const from = m.from?.value.toLowerCase();
  const own = identities.filter((i) => i.kind === "email").map((i) => i.value.toLowerCase());
  return m.direction === "in" && m.kind === "email" && !m.auto && Boolean(from) && own.length > 0 && !own.includes(from!);
}

const enhanced: Record<string, string> = {
  "1.0": "bad_address",
  "1.1": "bad_address",
  "1.2": "bad_domain",
  "1.3": "bad_address",
  "1.6": "moved",
  "1.10": "bad_domain",
  "2.0": "mailbox",
  "2.1": "disabled",
  "2.2": "mailbox_full",
  "2.3": "too_large",
  "3.4": "too_large",
  "4.1": "no_answer",
  "4.2": "no_answer",
  "4.4": "bad_domain",
  "4.7": "expired",
  "7.0": "blocked",
  "7.1": "blocked",
  "7.26": "blocked",
};

/** Why a recipient was not reached, as a code of the dictionaries, from a status of RFC 3463 such as "5.1.1". */
export function bounceReason(status: string | undefined): string {
  const m = /^[245]\.(\d{1,3}\.\d{1,3})$/.exec(status ?? "");
  return (m && enhanced[m[1] ?? ""]) || "unknown";
}

/** How a report of one recipient is shown: whether all is well, and in which words of the dictionaries. */
export function told(r: Report): { tone: "arrived" | "late" | "failed" | "other"; key: Key } {
  switch (r.action) {
    case "delivered":
    case "expanded":
      return { tone: "arrived", key: "report.delivered" };
    case "relayed":
      return { tone: "arrived", key: "delivery.sent" };
    case "displayed":
      return { tone: "arrived", key: "delivery.read" };
    case "delayed":
      return { tone: "late", key: "report.delayed" };
    case "unknown":
      return { tone: "late", key: "delivery.unknown" };
    case "complaint":
      return { tone: "failed", key: "report.complaint" };
    case "failed":
      return { tone: "failed", key: "report.failed" };
  }
  return { tone: "other", key: "report.other" };
}

export type FileKind = "image" | "pdf" | "sheet" | "text" | "archive" | "calendar" | "mail" | "media" | "file";

/** What kind of file somebody sent, by its media type or the end of its name. */
export function fileKind(type: string, name: string): FileKind {
  const end = ending(name).toLowerCase();
  if (type.startsWith("image/")) return "image";
  if (type === "application/pdf" || end === "pdf") return "pdf";
  if (type === "text/calendar" || end === "ics") return "calendar";
  if (type === "message/rfc822" || end === "eml" || end === "msg") return "mail";
  if (type.startsWith("audio/") || type.startsWith("video/")) return "media";
  if (/spreadsheet|excel|csv/.test(type) || ["xls", "xlsx", "ods", "csv"].includes(end)) return "sheet";
  if (/zip|compressed|tar|rar/.test(type) || ["zip", "rar", "7z", "gz", "tgz"].includes(end)) return "archive";
  if (type.startsWith("text/") || /word|opendocument.text|rtf/.test(type) || ["doc", "docx", "odt", "rtf", "txt"].includes(end)) return "text";
  return "file";
}

/** The end of a file's name, as people call its kind: "PDF"; "" when it has none. */
export const ending = (name: string): string => /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toUpperCase() ?? "";

const previewed = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** The number of the file that holds a message's appointment, -1 if it has none. */
export function invitation(m: Message): number {
  return m.details?.calendar?.length ? (m.parts ?? []).findIndex((p) => fileKind(p.type, p.name) === "calendar") : -1;
}

type Part = NonNullable<Message["parts"]>[number];

/** Whether a file is kept and not given out. */
export function held(p: Part): boolean {
  return p.check === "infected" || p.check === "forbidden" || p.check === "too_large";
}

/** Whether the mail as it came is there to be had: not when something dangerous lies in it. */
export function givenWhole(m: Message): boolean {
  return Boolean(m.raw) && !(m.parts ?? []).some((p) => p.check === "infected");
}

/** What is to be said of how a file was looked at, or null: that it is clean goes without saying. */
export function checkKey(p: Part): Key | null {
  switch (p.check) {
    case "infected":
    case "forbidden":
    case "too_large":
    case "unscanned":
      return `attachment.check.${p.check}`;
    default:
      return null;
  }
}

/** The files of a message to list, with their number in it: not those that are shown within its text, nor the one behind its appointment. */
export function listed(m: Message): { part: NonNullable<Message["parts"]>[number]; n: number; preview: boolean }[] {
  return (m.parts ?? [])
    .map((part, n) => ({ part, n, preview: previewed.includes(part.type) && part.size < 12_000_000 && !held(part) }))
    .filter(({ part, n }) => n !== invitation(m) && !(part.inline && part.cid && m.has_html && previewed.includes(part.type)));
}

/** How high a mail as its sender laid it out will be, in pixels: a guess by its words, because nothing in its frame may tell. */
export function guessHeight(m: Message, pictures: boolean): number {
  const lines = m.text.split("\n").reduce((n, line) => n + Math.max(1, Math.ceil(line.length / 70)), 0);
  const inline = (m.parts ?? []).filter((p) => p.inline && p.type.startsWith("image/")).length;
  return Math.round(90 + lines * 24 + (inline + (m.remote_images && pictures ? 2 : 0)) * 180);
}

const named = (a: Address): string => (a.name ? `${a.name} <${a.value}>` : a.value);

/** What the head of a mail says, line by line; of many recipients the first. */
export function headLines(m: Message, date: string, most = 50): [label: Key, value: string][] {
  const all: [Key, string][] = [
    ["unread.from", m.from?.value ? named(m.from) : ""],
    ["unread.to", (m.to ?? []).slice(0, most).map(named).join(", ")],
    ["recipients.cc", (m.cc ?? []).slice(0, most).map(named).join(", ")],
    ["unread.subject", m.subject ?? ""],
    ["unread.date", date],
  ];
  return all.filter(([, value]) => value !== "");
}

/** The event's days or hours in the reader's zone. */
export function when(starts: string, ends: string | undefined, allDay: boolean, locale: string, zone?: string): string {
  const first = new Date(starts);
  if (Number.isNaN(first.getTime())) return "";
  const last = ends ? new Date(ends) : null;
  const options: Intl.DateTimeFormatOptions = allDay
    ? { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }
    : { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone, timeZoneName: "short" };
  const format = new Intl.DateTimeFormat(locale, options);
  if (!last || last <= first) return format.format(first);
  if (!allDay) return format.formatRange(first, last);
  const inclusive = new Date(last.getTime() - 86_400_000); // DTEND of a whole day is the day after (RFC 5545 section 3.6.1)
  return inclusive <= first ? format.format(first) : format.formatRange(first, inclusive);
}

/** Whether a conversation can be begun with the sender of the mail that a mail passes on. */
export function branchable(m: Message): boolean {
  return m.direction === "in" && Boolean(m.raw) && Boolean(m.details?.forward?.from?.value);
}

/** The conversation that was begun from a mail that passes on another, if there is one. */
export function branchOf(items: readonly TimelineItem[], message: string): Related | null {
  return items.find((i) => i.type === "conversation.branched" && i.change?.related?.of === message)?.change?.related ?? null;
}
