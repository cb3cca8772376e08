// What the lists are made of: a snapshot (GET /api/work) to which the entries of the feed are applied in order. Pure.
//
// Invariants: an entry at or before the position changes nothing; a conversation is never replaced by an older form of itself; every
// change makes a new object, so that a view can compare by identity.

import type {
  AgentID,
  AgentState,
  Change,
  Conversation,
  ConversationID,
  Entry,
  FeedPosition,
  JournalEvent,
  Offer,
  OfferEnd,
  Work,
} from "../../wire/types";

export interface Inbox {
  readonly position: FeedPosition;
  readonly me: AgentState;
  /** Those assigned to me or waiting in a queue that I serve. */
  readonly conversations: ReadonlyMap<ConversationID, Conversation>;
  /** The newest seq ever seen of each conversation, also of those that have left. */
  readonly seen: ReadonlyMap<ConversationID, number>;
  readonly agents: ReadonlyMap<AgentID, AgentState>;
  readonly offer: Offer | null;
  readonly ended: OfferEnd | null;
}

export function start(work: Work): Inbox {
  const all = [...(work.mine ?? []), ...(work.waiting ?? [])];
  return {
    position: work.position,
    me: work.me,
    conversations: new Map(all.map((c) => [c.id, c])),
    seen: new Map(all.map((c) => [c.id, c.last_seq])),
    agents: new Map((work.agents ?? []).map((a) => [a.id, a])),
    offer: work.offer ?? null,
    ended: null,
  };
}

/** The change that an entry of a conversation carries, or null for an entry of another sort. */
export function changeOf(entry: Entry): { event: JournalEvent; change: Change } | null {
  if (!entry.conversation || entry.type.startsWith("offer.") || entry.type.startsWith("agent.")) return null;
  const event = entry.event as JournalEvent;
  const change = event?.data as Change | undefined;
  return change?.conversation ? { event, change } : null;
}

export function isMine(c: Conversation, me: AgentID): boolean {
  return c.state === "assigned" && c.assignee === me;
}

/** Whether the conversation belongs into the lists of this agent. */
export function concerns(c: Conversation, me: AgentState): boolean {
  return isMine(c, me.id) || (c.state === "waiting" && (me.queues ?? []).includes(c.queue ?? ""));
}

/** Puts newer forms of conversations in, from the feed or from the answer to a command. */
export function absorb(inbox: Inbox, changed: readonly Conversation[]): Inbox {
  const newer = changed.filter((c) => c.last_seq >= (inbox.seen.get(c.id) ?? -1));
  if (newer.length === 0) return inbox;
  const conversations = new Map(inbox.conversations);
  const seen = new Map(inbox.seen);
  for (const c of newer) {
    if (c.last_seq < (seen.get(c.id) ?? -1)) continue;
    seen.set(c.id, c.last_seq);
    if (concerns(c, inbox.me)) conversations.set(c.id, c);
    else conversations.delete(c.id);
  }
  return { ...inbox, conversations, seen };
}

/** Applies entries in their order. Those of another epoch are not for this snapshot and are left out. */
export function apply(inbox: Inbox, entries: readonly Entry[]): Inbox {
  let next = inbox;
  const changed: Conversation[] = [];
  for (const entry of entries) {
    if (entry.epoch !== next.position.epoch || entry.offset <= next.position.offset) continue;
    const carried = changeOf(entry);
    if (carried) changed.push(carried.change.conversation);
    else next = applyLive(next, entry);
    next = { ...next, position: { epoch: entry.epoch, offset: entry.offset } };
  }
  return absorb(next, changed);
}

function applyLive(inbox: Inbox, entry: Entry): Inbox {
  switch (entry.type) {
    case "offer.made": {
      const offer = entry.event as Offer;
      return offer.agent === inbox.me.id ? { ...inbox, offer, ended: null } : inbox;
    }
    case "offer.ended": {
      const ended = entry.event as OfferEnd;
      if (ended.agent !== inbox.me.id) return inbox;
      return { ...inbox, ended, offer: inbox.offer?.id === ended.offer ? null : inbox.offer };
    }
    case "agent.state":
      return withAgent(inbox, entry.event as AgentState);
    default:
      return inbox;
  }
}

/** The inbox with a newer state of an agent, perhaps of oneself. */
export function withAgent(inbox: Inbox, state: AgentState): Inbox {
  const agents = new Map(inbox.agents).set(state.id, state);
  return { ...inbox, agents, me: state.id === inbox.me.id ? state : inbox.me };
}

/** The position after a ping: everything up to it has been sent on this connection, and a connection keeps its order. */
export function advance(inbox: Inbox, offset: number): Inbox {
  if (offset <= inbox.position.offset) return inbox;
  return { ...inbox, position: { ...inbox.position, offset } };
}
