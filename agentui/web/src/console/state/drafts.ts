// What has been typed and not been sent: of each conversation one text for the reply, one for the note, and what a mail has besides its
// text. It is kept on the device, so that it survives a change of conversation, a reload and a crash, and is forgotten when it is sent,
// when its agent signs out, and when another one signs in. Reply and note never share a place.

import type { AgentID, ConversationID } from "../../wire/types";

export type Mode = "reply" | "note";

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

type Place = Mode | "mail"; // mail: recipients, subject and files, as JSON

const prefix = "sportello.draft.";

/** Drafts of one agent. On a device that several agents use, they are kept until the next one comes. */
export class Drafts {
  private readonly own: string;
  private ended = false;

  constructor(
    private readonly store: Store,
    agent: AgentID,
  ) {
    this.own = `${prefix}${agent}.`;
    this.forget((key) => key.startsWith(prefix) && !key.startsWith(this.own));
  }

  get(conversation: ConversationID, mode: Place): string {
    return this.store.getItem(this.key(conversation, mode)) ?? "";
  }

  /** Saves a text; an empty one forgets the draft. Reports whether it could be kept: a full or forbidden store must not stop the work. */
  set(conversation: ConversationID, mode: Place, text: string): boolean {
    if (this.ended) return true;
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
    const mine = this.keys((key) => key.startsWith(this.own) && key.endsWith(".reply"));
    return new Map(mine.map((key) => [key.slice(this.own.length, -".reply".length), this.store.getItem(key) ?? ""]));
  }

  /** How many texts there are, notes included. */
  count(): number {
    return this.keys((key) => key.startsWith(this.own) && !key.endsWith(".mail")).length;
  }

  /** Forgets everything that its agent has typed, and keeps nothing more: he has signed out. */
  clear(): void {
    this.ended = true;
    this.forget((key) => key.startsWith(this.own));
  }

  private keys(wanted: (key: string) => boolean): string[] {
    return Array.from({ length: this.store.length }, (_, i) => this.store.key(i) ?? "").filter(wanted);
  }

  private forget(wanted: (key: string) => boolean): void {
    for (const key of this.keys(wanted)) this.store.removeItem(key);
  }

  private key(conversation: ConversationID, mode: Place): string {
    return `${this.own}${conversation}.${mode}`;
  }
}
