// The conversation on the desk: the opened thread, its loading and its reloading, and what is typed for it.

import type { Api } from "../../wire/api";
import { Refusal } from "../../wire/api";
import type { Conversation, ConversationID, Customer, CustomerID, Entry, Kind, Message, Thread, Timeline, Verdict } from "../../wire/types";
import { Drafts } from "./drafts";
import { changeOf } from "./entries";
import { Letter } from "./letter.svelte";
import { open, openCustomer, prepend, receive, refresh, withMessage, type Opened } from "./timeline";

const kept = 20; // opened threads that are shown at once when one comes back to them
const skeletonAfter = 150;

/** Events after which only the gateway knows whether I may reply and how. */
const turning = new Set(["conversation.assigned", "conversation.transferred", "conversation.closed", "conversation.reopened", "conversation.queued", "conversation.linked", "conversation.merged", "conversation.joined", "conversation.split", "conversation.parted"]);

export class Desk {
  /** What is selected: a conversation's id, "customer:<id>", or "". */
  selected = $state("");
  opened = $state.raw<Opened | null>(null);
  loading = $state(false);
  error = $state("");
  /** The replies that wait to be finished, by conversation. */
  unfinished = $state.raw<ReadonlyMap<ConversationID, string>>(new Map());
  private readonly letters = new Map<ConversationID, Letter>();
  private cache = new Map<string, Opened>();
  private generation = 0;
  private reachTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly api: Api,
    readonly drafts: Drafts,
  ) {
    this.unfinished = drafts.replies();
  }

  get conversation(): Conversation | null {
    return this.opened?.conversation ?? null;
  }

  /** Shows what is selected: at once from what is known, then as the gateway has it. */
  async open(selected: string): Promise<void> {
    if (selected !== this.selected) {
      this.selected = selected;
      this.opened = this.cache.get(selected) ?? null;
    }
    this.error = "";
    if (selected) await this.reload();
  }

  /** Fetches the opened one anew and puts it over what is shown. */
  async reload(): Promise<void> {
    const selected = this.selected;
    if (!selected) return;
    const generation = ++this.generation;
    const slow = setTimeout(() => (this.loading = generation === this.generation && !this.opened), skeletonAfter);
    try {
      const fresh = await this.fetch(selected);
      if (generation !== this.generation) return;
      this.put(selected, this.opened ? refresh(this.opened, fresh) : fresh);
      this.error = "";
    } catch (e) {
      if (generation === this.generation) this.error = e instanceof Refusal ? e.code : "unexpected";
    } finally {
      clearTimeout(slow);
      if (generation === this.generation) this.loading = false;
    }
  }

  /** Fetches a conversation that is likely to be opened next. */
  async prefetch(id: ConversationID): Promise<void> {
    const fresh = await this.fetch(id).catch(() => null); // it is only ahead of time
    if (fresh && !this.cache.has(id)) this.remember(id, fresh);
  }

  async older(): Promise<void> {
    const [selected, opened] = [this.selected, this.opened];
    if (!opened?.before) return;
    const path = `/api/customers/${opened.customer.id}/timeline?before=${encodeURIComponent(opened.before)}`;
    const page = await this.api.get<Timeline>(path);
    if (selected === this.selected && this.opened) this.put(selected, prepend(this.opened, page));
  }

  entries(entries: readonly Entry[]): void {
    this.each((shown) => entries.reduce(receive, shown));
    const mine = entries.filter((e) => e.conversation === this.selected && changeOf(e));
    if (mine.some((e) => turning.has(e.type))) void this.reload();
    else if (mine.some((e) => e.type === "message.received")) this.askReach();
  }

  message(message: Message): void {
    const shown = this.cache.get(message.conversation);
    if (shown) this.put(message.conversation, withMessage(shown, message));
  }

  customer(customer: Customer): void {
    this.each((shown) => (shown.customer.id === customer.id ? { ...shown, customer } : shown));
    this.askReach();
  }

  /** Forgets all but the opened one: after a reset, what is kept may have gaps. */
  forget(): void {
    const now = this.opened;
    this.cache.clear();
    if (now) this.cache.set(this.selected, now);
  }

  /** The mail that is being written in a conversation. */
  letter(id: ConversationID): Letter {
    const letter = this.letters.get(id) ?? new Letter(this.api, id, this.drafts);
    this.letters.set(id, letter);
    return letter;
  }

  /** Saves what has been typed. */
  write(id: ConversationID, mode: "reply" | "note", text: string): boolean {
    const saved = this.drafts.set(id, mode, text);
    this.unfinished = this.drafts.replies();
    return saved;
  }

  /** Puts a text below what has been typed. */
  append(id: ConversationID, mode: "reply" | "note", text: string): void {
    this.write(id, mode, [this.drafts.get(id, mode), text].filter(Boolean).join("\n\n"));
  }

  retire(id: ConversationID, mode: "reply" | "note", sent: string): void {
    this.drafts.retire(id, mode, sent);
    this.unfinished = this.drafts.replies();
  }

  /** Asks again which channel a reply would take; several reasons to ask within a moment are one question. */
  askReach(kind: Kind | "" = ""): void {
    const id = this.conversation?.id;
    if (!id) return;
    clearTimeout(this.reachTimer);
    this.reachTimer = setTimeout(async () => {
      const query = kind ? `?kind=${kind}` : "";
      const reach = await this.api.get<Verdict>(`/api/conversations/${id}/reach${query}`).catch(() => null); // the last one stays
      if (reach && this.opened?.conversation?.id === id) this.put(this.selected, { ...this.opened, reach });
    }, 300);
  }

  private async fetch(selected: string): Promise<Opened> {
    if (!selected.startsWith("customer:")) return open(await this.api.get<Thread>(`/api/conversations/${encodeURIComponent(selected)}`));
    const id: CustomerID = encodeURIComponent(selected.slice("customer:".length));
    const [customer, timeline] = await Promise.all([
      this.api.get<Customer>(`/api/customers/${id}`),
      this.api.get<Timeline>(`/api/customers/${id}/timeline`),
    ]);
    return openCustomer(customer, timeline);
  }

  /** Changes what is kept. It walks over a copy, because putting moves an entry to the map's end. */
  private each(change: (shown: Opened) => Opened): void {
    for (const [key, shown] of [...this.cache]) {
      const next = change(shown);
      if (next !== shown) this.put(key, next);
    }
  }

  private put(key: string, next: Opened): void {
    this.remember(key, next);
    if (key === this.selected) this.opened = next;
  }

  private remember(key: string, next: Opened): void {
    this.cache.delete(key);
    this.cache.set(key, next);
    for (const old of this.cache.keys()) {
      if (this.cache.size <= kept) break;
      if (old !== this.selected) this.cache.delete(old);
    }
  }
}
