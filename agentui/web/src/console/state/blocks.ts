// Lays a customer's timeline out as what is drawn: days, changes of channel, messages, runs of routing events, and conversations other
// than the opened one as one line each that opens in place; what was merged into the opened one belongs to it. Pure.

import type { Conversation, ConversationID, TimelineItem } from "../../wire/types";
import { family, tellsMerge } from "./merging";

export type Block =
  | { t: "day"; key: string; at: string }
  | { t: "channel"; key: string; kind: string }
  | { t: "other"; key: string; id: ConversationID; number: number; conversation: Conversation | null; kind: string; at: string; count: number; open: boolean }
  | { t: "message"; key: string; item: TimelineItem; follows: boolean } // follows: same author within a minute
  | { t: "stopped"; key: string; item: TimelineItem } // an automatic exchange, not folded with the steps of routing
  | { t: "merge"; key: string; item: TimelineItem } // conversations were merged, or split again
  | { t: "events"; key: string; items: TimelineItem[] };

export interface Look {
  current: ConversationID | null; // null: all conversations are shown open
  others: readonly Conversation[];
  open: ReadonlySet<ConversationID>;
  dayOf(iso: string): string;
}

export function blocks(items: readonly TimelineItem[], look: Look): Block[] {
  const out: Block[] = [];
  let [day, kind] = ["", ""];
  const own = look.current === null ? new Set() : family(look.current, look.others);
  for (const run of runs(items.filter((i) => tellsMerge(i, look.current)))) {
    const first = run[0];
    if (!first) continue;
    const id = first.conversation ?? "";
    const foreign = id !== "" && id !== look.current && !own.has(id) && (look.current !== null || campaign(run));
    if (foreign && !look.open.has(id) && !run.some((i) => i.message)) continue; // only how it was routed
    if (look.dayOf(first.at) !== day) {
      day = look.dayOf(first.at);
      out.push({ t: "day", key: `day ${first.id}`, at: first.at });
    }
    if (foreign) {
      const open = look.open.has(id);
      out.push(otherOf(run, id, look, open));
      if (!open) continue;
    }
    for (const item of run) {
      if (look.dayOf(item.at) !== day) {
        day = look.dayOf(item.at);
        out.push({ t: "day", key: `day ${item.id}`, at: item.at });
      }
      const next = item.message?.direction === "note" ? "" : (item.message?.kind ?? "");
      if (next && next !== kind) {
        if (kind) out.push({ t: "channel", key: `channel ${item.id}`, kind: next });
        kind = next;
      }
      add(out, item);
    }
  }
  return out;
}

const merges = new Set<string>(["conversation.merged", "conversation.joined", "conversation.split", "conversation.parted"]);

/** Mail to many that nobody has answered is shown as a line, also where nothing else is. */
function campaign(run: readonly TimelineItem[]): boolean {
  const said = run.flatMap((i) => i.message ?? []);
  return said.length > 0 && said.every((m) => m.direction === "out" && m.auto === "list");
}

function add(out: Block[], item: TimelineItem): void {
  const last = out.at(-1);
  if (item.message) {
    out.push({ t: "message", key: item.id, item, follows: last?.t === "message" && continues(last.item, item) });
  } else if (item.type === "automatic.stopped") {
    out.push({ t: "stopped", key: item.id, item });
  } else if (merges.has(item.type)) {
    out.push({ t: "merge", key: item.id, item });
  } else if (last?.t === "events") {
    last.items.push(item);
  } else {
    out.push({ t: "events", key: item.id, items: [item] });
  }
}

function continues(before: TimelineItem, item: TimelineItem): boolean {
  const [a, b] = [before.message, item.message];
  if (!a || !b || a.direction !== b.direction || a.author.id !== b.author.id || a.author.kind !== b.author.kind) return false;
  return a.kind === b.kind && !b.subject && Date.parse(item.at) - Date.parse(before.at) < 60_000;
}

/** Items of one conversation that follow each other. What belongs to the customer alone does not part them. */
function runs(items: readonly TimelineItem[]): TimelineItem[][] {
  const out: TimelineItem[][] = [];
  for (const item of items) {
    const last = out.at(-1);
    if (last && (!item.conversation || last[0]?.conversation === item.conversation)) last.push(item);
    else out.push([item]);
  }
  return out;
}

function otherOf(run: TimelineItem[], id: ConversationID, look: Look, open: boolean): Block {
  const conversation = look.others.find((c) => c.id === id) ?? run.findLast((i) => i.change)?.change?.conversation ?? null;
  const [first, said] = [run[0], run.find((i) => i.message)];
  return {
    t: "other",
    key: `other ${first?.id ?? id}`,
    id,
    number: conversation?.number ?? first?.number ?? 0,
    conversation,
    kind: conversation?.kind ?? said?.message?.kind ?? "",
    at: first?.at ?? "",
    count: run.filter((i) => i.message).length,
    open,
  };
}
