// Conversations that were merged: which belong together on the screen, what one can be merged into, and what can still be undone. Pure.

import type { Conversation, ConversationID, TimelineItem } from "../../wire/types";
import type { Opened } from "./timeline";

/** How long the gateway undoes a merge, in milliseconds. */
const undoWithin = 30 * 24 * 3600_000;

/** What was merged into a conversation, over any number of steps. */
export function family(id: ConversationID, others: readonly Conversation[]): ReadonlySet<ConversationID> {
  const all = new Set<ConversationID>();
  for (let more = [id]; more.length > 0; ) {
    more = others.filter((o) => o.merged_into && more.includes(o.merged_into) && !all.has(o.id)).map((o) => o.id);
    for (const found of more) all.add(found);
  }
  return all;
}

/** What a conversation can be merged into: the customer's other ones that stand by themselves, open ones first. */
export function targets(c: Conversation, others: readonly Conversation[]): Conversation[] {
  if (c.merged_into) return [];
  const may = others.filter((o) => o.id !== c.id && o.customer === c.customer && !o.merged_into && (o.state !== "closed" || c.state === "closed"));
  return may.sort((a, b) => Number(a.state === "closed") - Number(b.state === "closed") || Date.parse(b.created_at) - Date.parse(a.created_at));
}

/** Whether an event of a merge is shown: the two conversations tell of it both, and it is shown once. */
export function tellsMerge(item: TimelineItem, current: ConversationID | null): boolean {
  const own = item.type === "conversation.merged" || item.type === "conversation.split";
  return !own || item.conversation === current;
}

/** The conversation whose merge this event tells of, if it can be undone. */
export function mergedBy(item: TimelineItem, opened: Opened, now: number): ConversationID {
  const id = item.type === "conversation.merged" ? item.conversation : item.type === "conversation.joined" ? item.change?.related?.id : "";
  const all = opened.conversation ? [opened.conversation, ...opened.others] : opened.others;
  const c = all.find((o) => o.id === id);
  const latest = c?.merged_at !== undefined && Date.parse(c.merged_at) === Date.parse(item.at);
  return c?.merged_into && latest && now - Date.parse(item.at) < undoWithin ? c.id : "";
}
