// Dates and names in the person's language.

import { coded, locale, t } from "../i18n/index.svelte";
import type { Conversation, Customer } from "../wire/types";

const formats = new Map<string, Intl.DateTimeFormat>();

function formatted(iso: string | number, name: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale()} ${name}`;
  let f = formats.get(key);
  if (!f) formats.set(key, (f = new Intl.DateTimeFormat(locale(), { hourCycle: "h23", ...options })));
  return f.format(typeof iso === "number" ? iso : Date.parse(iso));
}

/** "14:32" */
export const clock = (iso: string | number) => formatted(iso, "clock", { hour: "2-digit", minute: "2-digit" });

/** "21 novembre 2026 alle ore 14:32:05", for a title */
export const exact = (iso: string) => formatted(iso, "exact", { dateStyle: "long", timeStyle: "medium" });

/** "21 nov 2026" */
export const date = (iso: string) => formatted(iso, "date", { day: "numeric", month: "short", year: "numeric" });

/** "oggi", "ieri", or "lunedì 16 novembre" */
export function day(iso: string, now: number): string {
  const text = dayKey(Date.parse(iso));
  if (text === dayKey(now)) return t("day.today");
  if (text === dayKey(now - 86_400_000)) return t("day.yesterday");
  const sameYear = new Date(iso).getFullYear() === new Date(now).getFullYear();
  return sameYear
    ? formatted(iso, "day", { weekday: "long", day: "numeric", month: "long" })
    : formatted(iso, "dayYear", { day: "numeric", month: "long", year: "numeric" });
}

/** The clock for today, the day and the clock for earlier. */
export function moment(iso: string, now: number): string {
  return dayKey(Date.parse(iso)) === dayKey(now) ? clock(iso) : `${formatted(iso, "short", { day: "numeric", month: "short" })}, ${clock(iso)}`;
}

export function dayKey(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${d.getMonth()}-${d.getDate()}`;
}

/** "12 kB" */
export function size(bytes: number): string {
  const unit = bytes >= 1e6 ? "megabyte" : bytes >= 1e3 ? "kilobyte" : "byte";
  const n = bytes >= 1e6 ? bytes / 1e6 : bytes >= 1e3 ? bytes / 1e3 : bytes;
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);
}

/** A customer's name, or the address by which he is known. */
export function customerName(c: Customer, at?: Conversation | null): string {
  return c.name || c.identities?.find((i) => i.kind !== "chat")?.value || (at ? called(at) : t("customer.unnamed"));
}

/** A name to show for somebody who may have none. */
export const named = (name: string | undefined) => name || t("customer.unnamed");

/** What a conversation's customer is called: his name, or what he writes from. */
export const called = (c: Pick<Conversation, "customer_name" | "customer_contact" | "kind" | "number">) =>
  c.customer_name || c.customer_contact || (c.kind === "chat" ? t("customer.visitor_number", { n: c.number }) : t("customer.unnamed"));

export const channelName = (kind: string) => coded("channel", kind, "channel.chat");
