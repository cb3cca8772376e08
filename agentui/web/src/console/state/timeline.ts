// An opened customer: everything over all channels, kept up to date by the feed. Pure.
//
// Invariants: items are in the order of their ids' time, each once; delivery news is folded into its message; a conversation is never
// replaced by an older form of itself.

import type { Change, Conversation, Customer, Decision, Entry, Message, Thread, Timeline, TimelineItem, Verdict } from "../../wire/types";
import { changeOf } from "./entries";

export interface Opened {
  readonly conversation: Conversation | null; // null: a customer without an opened conversation
  readonly customer: Customer;
  readonly others: readonly Conversation[];
  readonly items: readonly TimelineItem[];
  readonly before: string;
  readonly reach: Verdict | null;
  readonly canReply: boolean;
  readonly why: Decision | null;
}

export function open(thread: Thread): Opened {
  return {
    conversation: thread.conversation,
    customer: thread.customer,
    others: thread.others ?? [],
    items: thread.timeline.items ?? [],
    before: thread.timeline.before ?? "",
    reach: thread.reach,
    canReply: thread.can_reply,
    why: thread.why ?? null,
  };
}

export function openCustomer(customer: Customer, timeline: Timeline): Opened {
  return {
    conversation: null,
    customer,
    others: [],
    items: timeline.items ?? [],
    before: timeline.before ?? "",
    reach: null,
    canReply: false,
    why: null,
  };
}

/** A fresh answer for the same conversation, put over what is shown: older pages that were loaded stay. */
export function refresh(shown: Opened, fresh: Opened): Opened {
  const first = fresh.items[0];
  const overlaps = first !== undefined && shown.items.some((i) => i.id === first.id);
  if (!overlaps) return fresh;
  return { ...fresh, items: merge(shown.items, fresh.items), before: shown.before };
}

/** Older items in front. */
export function prepend(shown: Opened, page: Timeline): Opened {
  return { ...shown, items: merge(page.items ?? [], shown.items), before: page.before ?? "" };
}

/** The opened customer after an entry of the feed. The same object when the entry is not about this customer. */
export function receive(shown: Opened, entry: Entry): Opened {
  const carried = changeOf(entry);
  if (!carried || carried.change.conversation.customer !== shown.customer.id) return shown;
  const { event, change } = carried;
  const next = withConversation(shown, change.conversation);
  const corrected = change.message;
  if (event.type === "message.corrected" && corrected) {
    return { ...next, items: next.items.map((i) => (i.message?.id === corrected.id ? { ...i, message: corrected } : i)) };
  }
  if (change.delivery) return { ...next, items: fold(next.items, change) };
  if (next.items.some((i) => i.conversation === change.conversation.id && i.seq === event.seq && i.id === event.id)) return next;
  const item: TimelineItem = {
    id: event.id,
    type: event.type,
    at: event.at,
    actor: event.actor,
    actor_name: nameOf(change),
    conversation: change.conversation.id,
    number: change.conversation.number,
    seq: event.seq,
    message: change.message,
    change: change.message ? undefined : change,
  };
  const why = change.decision && change.conversation.id === next.conversation?.id && decides(event.type) ? change.decision : next.why;
  return { ...next, why, items: merge(next.items, [item]) };
}

/** A message that the server answered with, shown before its event comes. */
export function withMessage(shown: Opened, message: Message): Opened {
  if (message.customer !== shown.customer.id) return shown;
  if (shown.items.some((i) => i.message?.id === message.id)) return shown;
  const number = shown.conversation?.id === message.conversation ? shown.conversation.number : undefined;
  const item: TimelineItem = {
    id: message.id,
    type: message.direction === "note" ? "message.noted" : "message.replied",
    at: message.at,
    actor: `agent:${message.author.id}`,
    conversation: message.conversation,
    number,
    seq: message.seq,
    message,
  };
  return { ...shown, items: merge(shown.items, [item]) };
}

function decides(type: string): boolean {
  return type === "conversation.assigned" || type === "conversation.queued";
}

function nameOf(change: Change): string | undefined {
  return change.message?.author.name || undefined;
}

function withConversation(shown: Opened, c: Conversation): Opened {
  if (c.id === shown.conversation?.id) {
    return c.last_seq >= shown.conversation.last_seq ? { ...shown, conversation: c } : shown;
  }
  const known = shown.others.find((o) => o.id === c.id);
  if (known && known.last_seq > c.last_seq) return shown;
  const others = known ? shown.others.map((o) => (o.id === c.id ? c : o)) : [c, ...shown.others];
  return { ...shown, others };
}

function fold(items: readonly TimelineItem[], change: Change): TimelineItem[] {
  const news = change.delivery;
  return items.map((item) => {
    if (!news || item.message?.id !== news.message) return item;
    const moved = news.kind && item.message.kind !== news.kind;
    const message: Message = {
      ...item.message,
      state: news.state || item.message.state,
      kind: news.kind || item.message.kind,
      asked_kind: moved ? (item.message.asked_kind ?? item.message.kind) : item.message.asked_kind,
      fault: news.fault,
      details: news.reports?.length ? { ...item.message.details, reports: news.reports } : item.message.details,
    };
    return { ...item, message };
  });
}

/** Two runs of items in one order, each item once; the later run's form of an item wins. */
function merge(a: readonly TimelineItem[], b: readonly TimelineItem[]): TimelineItem[] {
  const all = new Map<string, TimelineItem>();
  for (const item of [...a, ...b]) all.set(item.conversation ? `${item.conversation} ${item.seq}` : item.id, item);
  return [...all.values()].sort((x, y) => Date.parse(x.at) - Date.parse(y.at) || (x.conversation === y.conversation ? x.seq - y.seq : 0));
}
