// The lists as they stand on the screen: the inbox kept up to date by the feed, and the order of the rows, which is held back while the
// hand or the keyboard is in the list (console.md 2.4).

import type { AgentState, Conversation, ConversationID, Entry, Signal, Work as Start } from "../../wire/types";
import { absorb, advance, apply, isMine, start, withAgent, type Inbox } from "./entries";
import { held, pending, queueOrder, workOrder, type Place, type View } from "./lists";

export interface Sign extends Signal {
  readonly until: number;
}

const graceAfterPointer = 1500;
const typingLasts = 6000;
const viewingLasts = 120_000;

export class Work {
  inbox = $state.raw<Inbox | null>(null);
  view = $state<View>("work");
  shown = $state.raw<readonly Place[]>([]);
  waitingChanges = $state(0);
  signs = $state.raw<ReadonlyMap<ConversationID, readonly Sign[]>>(new Map());
  private over = false;
  private inside = false;
  private leaving: ReturnType<typeof setTimeout> | undefined;

  /** How many conversations of mine have a customer who waits. */
  readonly needing = $derived.by(() => {
    const inbox = this.inbox;
    return inbox ? [...inbox.conversations.values()].filter((c) => isMine(c, inbox.me.id) && c.waiting_since).length : 0;
  });
  readonly queued = $derived(this.inbox ? [...this.inbox.conversations.values()].filter((c) => c.state === "waiting").length : 0);

  load(work: Start): void {
    this.inbox = start(work);
    this.settle();
  }

  entries(entries: readonly Entry[]): void {
    if (!this.inbox) return;
    this.inbox = apply(this.inbox, entries);
    this.settle();
  }

  ping(offset: number): void {
    if (this.inbox) this.inbox = advance(this.inbox, offset);
  }

  /** Puts the answer to an act of one's own in. Such an act may move the list: the person caused it. */
  own(...changed: Conversation[]): void {
    if (!this.inbox) return;
    this.inbox = absorb(this.inbox, changed);
    this.update();
  }

  agent(state: AgentState): void {
    if (this.inbox) this.inbox = withAgent(this.inbox, state);
  }

  conversation(id: ConversationID): Conversation | undefined {
    return this.inbox?.conversations.get(id);
  }

  show(view: View): void {
    this.view = view;
    this.update();
  }

  pointer(over: boolean): void {
    clearTimeout(this.leaving);
    if (over) this.over = true;
    else this.leaving = setTimeout(() => this.release("over"), graceAfterPointer);
  }

  focus(inside: boolean): void {
    if (inside) this.inside = true;
    else this.release("inside");
  }

  /** Brings the list up to date now. */
  update(): void {
    this.shown = this.wanted();
    this.waitingChanges = 0;
  }

  signal(s: Signal, now: number): void {
    const others = (this.signs.get(s.conversation) ?? []).filter((x) => x.who !== s.who && x.until > now);
    const life = s.what === "typing" ? typingLasts : viewingLasts;
    const next = s.what === "left" ? others : [...others, { ...s, until: now + life }];
    this.signs = new Map(this.signs).set(s.conversation, next);
  }

  /** Who types or looks at a conversation now. */
  who(id: ConversationID, now: number): readonly Sign[] {
    const all = this.signs.get(id);
    return all ? all.filter((s) => s.until > now) : none;
  }

  private release(which: "over" | "inside"): void {
    this[which] = false;
    this.settle();
  }

  private settle(): void {
    if ((!this.over && !this.inside) || this.shown.length === 0) return this.update();
    const wanted = this.wanted();
    this.shown = held(this.shown, wanted);
    this.waitingChanges = pending(this.shown, wanted);
  }

  private wanted(): Place[] {
    if (!this.inbox) return [];
    const all = this.inbox.conversations.values();
    return this.view === "work" ? workOrder(all, this.inbox.me.id) : queueOrder(all);
  }
}

const none: readonly Sign[] = [];
