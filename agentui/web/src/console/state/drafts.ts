// What has been typed and not been sent: one text for the reply and one for the note of each conversation, kept on the device, so that
// it survives a change of conversation, a reload and a crash. Reply and note never share a place.

import type { AgentID, ConversationID } from "../../wire/types";

export type Mode = "reply" | "note";

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const prefix = "sportello.draft.";

/** Drafts of one agent. Two agents on one device do not see each other's. */
export class Drafts {
  private readonly own: string;

  constructor(
    private readonly store: Store,
    agent: AgentID,
  ) {
    this.own = `${prefix}${agent}.`;
  }

  get(conversation: ConversationID, mode: Mode): string {
    return this.store.getItem(this.key(conversation, mode)) ?? "";
  }

  /** Saves a text; an empty one forgets the draft. Reports whether it could be kept: a full or forbidden store must not stop the work. */
  set(conversation: ConversationID, mode: Mode, text: string): boolean {
    try {
      if (text.trim() === "") this.store.removeItem(this.key(conversation, mode));
      else this.store.setItem(this.key(conversation, mode), text);
      return true;
    } catch {
      return false;
    }
  }

  /** Forgets a draft because exactly this text was sent. A text that has been changed since stays. */
  retire(conversation: ConversationID, mode: Mode, sent: string): void {
    if (this.get(conversation, mode).trim() === sent.trim()) this.set(conversation, mode, "");
  }

  /** The conversations that have a reply waiting to be finished, with its text. */
  replies(): Map<ConversationID, string> {
    const found = new Map<ConversationID, string>();
    for (let i = 0; i < this.store.length; i++) {
      const key = this.store.key(i) ?? "";
      if (!key.startsWith(this.own) || !key.endsWith(".reply")) continue;
      found.set(key.slice(this.own.length, -".reply".length), this.store.getItem(key) ?? "");
    }
    return found;
  }

  private key(conversation: ConversationID, mode: Mode): string {
    return `${this.own}${conversation}.${mode}`;
  }
}
