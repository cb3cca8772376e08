// What has been read: by conversation, the seq of the last message that was on the screen, with the tab visible and the thread at its
// end. Kept on the device; tabs of one browser agree.

import type { AgentID, Conversation, ConversationID } from "../../wire/types";

const most = 500;

export class Reading {
  private read = $state.raw<ReadonlyMap<ConversationID, number>>(new Map());
  private readonly key: string;

  constructor(
    private readonly store: Pick<Storage, "getItem" | "setItem">,
    agent: AgentID,
  ) {
    this.key = `sportello.read.${agent}`;
    this.load();
    addEventListener("storage", (e) => {
      if (e.key === this.key) this.load();
    });
  }

  unread(c: Conversation): boolean {
    return Boolean(c.waiting_since) && c.last_message_seq > (this.read.get(c.id) ?? 0);
  }

  /** Says that everything up to the last message is read. */
  mark(c: Conversation): void {
    if ((this.read.get(c.id) ?? 0) >= c.last_message_seq) return;
    const next = new Map(this.read);
    next.delete(c.id);
    next.set(c.id, c.last_message_seq);
    this.read = new Map([...next].slice(-most));
    try {
      this.store.setItem(this.key, JSON.stringify([...this.read]));
    } catch {
      // it holds until the page is closed
    }
  }

  private load(): void {
    try {
      this.read = new Map(JSON.parse(this.store.getItem(this.key) ?? "[]") as [ConversationID, number][]);
    } catch {
      this.read = new Map();
    }
  }
}
