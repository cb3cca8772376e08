// Plain values of the wire's shapes for tests.

import type { AgentState, Change, Conversation, Customer, Entry, JournalEvent, Message, Thread, TimelineItem, Work } from "../../wire/types";

export const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, seconds)).toISOString();

export function conversation(c: Partial<Conversation> & { id: string }): Conversation {
  return {
    number: 1,
    customer: "u1",
    customer_name: "Anna Rossi",
    kind: "chat",
    account: "web",
    state: "new",
    priority: 50,
    last_seq: 1,
    last_message_seq: 1,
    preview: "Buongiorno",
    created_at: at(0),
    ...c,
  };
}

export function agent(id: string, a: Partial<AgentState> = {}): AgentState {
  return {
    id,
    name: id,
    queues: ["sales"],
    skills: [],
    capacity: { chat: 3 },
    factor: 1,
    presence: "available",
    since: at(0),
    connected: true,
    idle_since: at(0),
    load: {},
    missed: 0,
    ...a,
  };
}

export function work(w: Partial<Work>): Work {
  return { position: { epoch: "e1", offset: 10 }, me: agent("anna"), mine: [], waiting: [], agents: [], now: at(0), ...w };
}

/** The journal event of a change, as an entry carries it. */
export function changed(c: Conversation, change: Partial<Change> = {}, type: JournalEvent["type"] = "conversation.assigned"): JournalEvent {
  return {
    stream: `conversation:${c.id}`,
    seq: c.last_seq,
    id: `e-${c.id}-${c.last_seq}`,
    customer: c.customer,
    type,
    actor: "agent:marco",
    at: at(c.last_seq),
    data: { conversation: c, ...change } satisfies Change,
  };
}

export function entry(offset: number, type: string, event: unknown): Entry {
  const id = (event as JournalEvent).stream?.replace("conversation:", "") ?? "";
  return { epoch: "e1", offset, type, conversation: id, agent: "", audience: {}, event, at: at(offset) };
}

export function message(m: Partial<Message> & { id: string; seq: number }): Message {
  return {
    conversation: "c1",
    customer: "u1",
    direction: "in",
    kind: "chat",
    author: { kind: "customer", id: "u1", name: "Anna Rossi" },
    text: "Buongiorno",
    at: at(m.seq),
    ...m,
  };
}

export function item(seq: number, i: Partial<TimelineItem> = {}): TimelineItem {
  return {
    id: `e-c1-${seq}`,
    type: "message.received",
    at: at(seq),
    actor: "customer:u1",
    conversation: "c1",
    seq,
    message: message({ id: `m${seq}`, seq }),
    ...i,
  };
}

export function thread(items: TimelineItem[], t: Partial<Thread> = {}): Thread {
  const customer: Customer = { id: "u1", name: "Anna Rossi", identities: [], created_at: at(0) };
  return {
    position: { epoch: "e1", offset: 10 },
    conversation: conversation({ id: "c1", state: "assigned", assignee: "anna", last_seq: items.at(-1)?.seq ?? 0 }),
    customer,
    others: [],
    timeline: { items },
    reach: { options: [], chosen: -1, code: "no_address", at: at(0) },
    can_reply: true,
    ...t,
  };
}
