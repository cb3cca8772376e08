// What the agent has sent and the gateway has not confirmed. Every item keeps its client id for life, so a repeat after a lost answer
// is the same message to the gateway. Items of one conversation go one after the other; a reload finds them where they were.
//
// Nothing here is ever dropped silently: an item leaves by the gateway's "done", or because the agent discards it.

import type { AgentID, ConversationID, HeldReply, Kind, Message, Verdict } from "../../wire/types";
import type { Mode } from "./drafts";
import type { Chosen } from "./mailing";

export interface Item {
  readonly client_id: string;
  readonly agent: AgentID;
  readonly conversation: ConversationID;
  readonly mode: Mode;
  readonly text: string;
  readonly kind: Kind | "";
  readonly seen_seq: number;
  readonly force: boolean;
  readonly order: number;
  readonly at: number; // when it was written, milliseconds since 1970
  readonly state: "queued" | "sending" | "failed" | "held";
  readonly since: number; // of the state
  readonly code: string; // of the failure
  readonly held: HeldReply | null;
  readonly refused: Verdict | null;
  readonly mail?: Chosen; // recipients, subject and files, as they were when it was sent
}

/** What came of one attempt. "again" is for everything that may work later without anybody doing something. */
export type Outcome =
  | { t: "done"; message: Message; until?: string } // until: it can be taken back
  | { t: "held"; held: HeldReply }
  | { t: "refused"; code: string; verdict: Verdict | null }
  | { t: "again"; after: number };

/** Where items survive a reload. */
export interface Shelf {
  load(agent: AgentID): Promise<Item[]>;
  put(item: Item): Promise<void>;
  remove(clientID: string): Promise<void>;
}

export interface Post {
  (item: Item): Promise<Outcome>;
}

export interface Options {
  agent: AgentID;
  shelf: Shelf;
  post: Post;
  now: () => number;
  changed: (items: readonly Item[]) => void;
  done: (item: Item, message: Message, until: string) => void;
  stopped: (item: Item) => void; // an item is held or has failed: somebody must look
  later?: (fn: () => void, ms: number) => void;
}

export class Outbox {
  private items: readonly Item[] = [];
  private online = true;
  private busy = new Set<ConversationID>();
  private failures = 0;
  private order = 0;

  constructor(private readonly o: Options) {}

  /** Takes up what an earlier page left behind. What was being sent is sent again, under the same id. */
  async load(): Promise<void> {
    const kept = await this.o.shelf.load(this.o.agent);
    const known = new Set(this.items.map((i) => i.client_id));
    const found = kept.filter((i) => !known.has(i.client_id)).map((i) => (i.state === "sending" ? { ...i, state: "queued" as const } : i));
    this.order = Math.max(this.order, ...found.map((i) => i.order));
    this.publish([...found, ...this.items].sort((a, b) => a.order - b.order));
    this.flush();
  }

  /** Takes a message that the agent has sent. It is on the shelf before the first attempt. */
  async add(item: Pick<Item, "client_id" | "conversation" | "mode" | "text" | "kind" | "seen_seq" | "mail">): Promise<void> {
    const now = this.o.now();
    const added: Item = {
      ...item,
      agent: this.o.agent,
      force: false,
      order: ++this.order,
      at: now,
      state: "queued",
      since: now,
      code: "",
      held: null,
      refused: null,
    };
    this.publish([...this.items, added]);
    await this.o.shelf.put(added).catch(() => undefined); // without a shelf it is still sent, it only does not survive a reload
    this.flush();
  }

  /** Tries a failed item again, under the same id. */
  retry(clientID: string): void {
    this.change(clientID, { state: "queued", code: "", refused: null });
    this.flush();
  }

  /** Sends a held reply although news came. The id changes, because the first was answered with "held". */
  force(clientID: string, freshID: string, seenSeq: number): void {
    const old = this.items.find((i) => i.client_id === clientID);
    if (!old) return;
    const next: Item = { ...old, client_id: freshID, force: true, seen_seq: seenSeq, state: "queued", since: this.o.now(), held: null };
    this.publish(this.items.map((i) => (i.client_id === clientID ? next : i)));
    void this.o.shelf.put(next).then(() => this.o.shelf.remove(clientID));
    this.flush();
  }

  /** Takes an item out, because the agent will edit it, made it a note, or does not want it any more. */
  discard(clientID: string): Item | null {
    const item = this.items.find((i) => i.client_id === clientID && i.state !== "sending") ?? null;
    if (item) this.remove(item);
    return item;
  }

  /** Forgets everything: the agent signs out and has been asked. What is on its way may still arrive. */
  async clear(): Promise<void> {
    const all = this.items;
    this.publish([]);
    await Promise.all(all.map((i) => this.o.shelf.remove(i.client_id).catch(() => undefined)));
  }

  /** The connection has come or gone. Coming back starts at once what was waiting for its next attempt. */
  setOnline(online: boolean): void {
    this.online = online;
    if (!online) return;
    this.failures = 0;
    this.flush();
  }

  /** Starts every conversation that has something to send and is not being sent already. */
  flush(): void {
    if (!this.online) return;
    for (const id of new Set(this.items.map((i) => i.conversation))) void this.drain(id);
  }

  private async drain(conversation: ConversationID): Promise<void> {
    if (this.busy.has(conversation)) return;
    this.busy.add(conversation);
    try {
      for (let item = this.next(conversation); item && this.online; item = this.next(conversation)) {
        if (!(await this.attempt(item))) return;
      }
    } finally {
      this.busy.delete(conversation);
    }
  }

  /** The first item that may go. Replies behind a held one wait for the agent's word; notes do not. */
  private next(conversation: ConversationID): Item | undefined {
    const own = this.items.filter((i) => i.conversation === conversation);
    const heldAt = own.find((i) => i.state === "held")?.order ?? Infinity;
    return own.find((i) => i.state === "queued" && (i.mode === "note" || i.order < heldAt));
  }

  private async attempt(item: Item): Promise<boolean> {
    this.change(item.client_id, { state: "sending" });
    const outcome = await this.o.post(item).catch((): Outcome => ({ t: "again", after: 0 }));
    switch (outcome.t) {
      case "done":
        this.failures = 0;
        this.o.done(item, outcome.message, outcome.until ?? "");
        this.remove(item);
        return true;
      case "held":
        this.stop(item.client_id, { state: "held", held: outcome.held });
        return true;
      case "refused":
        this.stop(item.client_id, { state: "failed", code: outcome.code, refused: outcome.verdict });
        return true;
      case "again":
        this.change(item.client_id, { state: "queued" });
        this.again(outcome.after);
        return false;
    }
  }

  private again(after: number): void {
    const backoff = Math.min(30_000, 1000 * 2 ** Math.min(this.failures++, 5));
    const ms = after > 0 ? after : backoff * (0.5 + Math.random() / 2);
    (this.o.later ?? setTimeout)(() => this.flush(), ms);
  }

  private stop(clientID: string, change: Partial<Item>): void {
    this.change(clientID, change);
    const item = this.items.find((i) => i.client_id === clientID);
    if (item) this.o.stopped(item);
  }

  private change(clientID: string, change: Partial<Item>): void {
    this.publish(this.items.map((i) => (i.client_id === clientID ? { ...i, ...change, since: this.o.now() } : i)));
    const item = this.items.find((i) => i.client_id === clientID);
    if (item) void this.o.shelf.put(item).catch(() => undefined);
  }

  private remove(item: Item): void {
    this.publish(this.items.filter((i) => i.client_id !== item.client_id));
    void this.o.shelf.remove(item.client_id).catch(() => undefined);
  }

  private publish(items: readonly Item[]): void {
    this.items = items;
    this.o.changed(items);
  }
}
