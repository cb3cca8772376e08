// Which rows the lists show and in which order; and the rule that a list does not move under the hand. Pure.

import type { AgentID, Conversation, ConversationID } from "../../wire/types";
import { isMine } from "./entries";

export type View = "work" | "queues";

/** A row's place. Section is "now", "due", "customer", or "queue:<id>". */
export interface Place {
  readonly id: ConversationID;
  readonly section: string;
  /** The conversation has left the list; the row waits, greyed, until the list may move. */
  readonly gone?: boolean;
}

const time = (s: string | undefined) => (s ? Date.parse(s) : 0);

/** The channels on which a customer sits and waits for the answer. */
const quick = (c: Conversation) => (c.last_kind ?? c.kind) !== "email";

/** My work: who waits on me now, what is due, and who has been answered. */
export function workOrder(all: Iterable<Conversation>, me: AgentID): Place[] {
  const mine = [...all].filter((c) => isMine(c, me));
  const waiting = mine.filter((c) => c.waiting_since).sort((a, b) => time(a.waiting_since) - time(b.waiting_since) || a.number - b.number);
  const answered = mine
    .filter((c) => !c.waiting_since)
    .sort((a, b) => time(b.last_out_at ?? b.last_in_at) - time(a.last_out_at ?? a.last_in_at) || b.number - a.number);
  return [
    ...waiting.filter(quick).map((c) => ({ id: c.id, section: "now" })),
    ...waiting.filter((c) => !quick(c)).map((c) => ({ id: c.id, section: "due" })),
    ...answered.map((c) => ({ id: c.id, section: "customer" })),
  ];
}

/** What waits in the queues: by queue in the order of their names, then by priority, then oldest first. */
export function queueOrder(all: Iterable<Conversation>): Place[] {
  return [...all]
    .filter((c) => c.state === "waiting")
    .sort(
      (a, b) =>
        (a.queue ?? "").localeCompare(b.queue ?? "") ||
        b.priority - a.priority ||
        time(a.queued_at) - time(b.queued_at) ||
        a.number - b.number,
    )
    .map((c) => ({ id: c.id, section: `queue:${c.queue ?? ""}` }));
}

/** The conversation to go to next: the customer who has waited longest on me, starting after the current one. */
export function nextWaiting(all: Iterable<Conversation>, me: AgentID, current: ConversationID | null, step: 1 | -1): ConversationID | null {
  const ids = [...all]
    .filter((c) => isMine(c, me) && c.waiting_since)
    .sort((a, b) => time(a.waiting_since) - time(b.waiting_since) || a.number - b.number)
    .map((c) => c.id);
  if (ids.length === 0) return null;
  const at = current === null ? -1 : ids.indexOf(current);
  if (at < 0) return (step > 0 ? ids[0] : ids.at(-1)) ?? null;
  return ids[(at + step + ids.length) % ids.length] ?? null;
}

/** The rows to show while the list must not move: those shown, with the ones that have left marked. */
export function held(shown: readonly Place[], wanted: readonly Place[]): Place[] {
  const there = new Set(wanted.map((p) => p.id));
  return shown.map((p) => (there.has(p.id) === !p.gone ? p : { id: p.id, section: p.section, ...(there.has(p.id) ? {} : { gone: true }) }));
}

/** How many rows would come, leave or move if the list were brought up to date. */
export function pending(shown: readonly Place[], wanted: readonly Place[]): number {
  const place = new Map(shown.map((p, i) => [p.id, { i, section: p.section }]));
  const kept: number[] = [];
  let changed = 0;
  for (const p of wanted) {
    const was = place.get(p.id);
    if (!was || was.section !== p.section) changed++;
    else kept.push(was.i);
    place.delete(p.id);
  }
  return changed + place.size + kept.length - longestRise(kept);
}

/** The length of the longest rising subsequence: what need not move when the rest is moved around it. */
function longestRise(numbers: readonly number[]): number {
  const tails: number[] = [];
  for (const n of numbers) {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((tails[mid] ?? 0) < n) low = mid + 1;
      else high = mid;
    }
    tails[low] = n;
  }
  return tails.length;
}
