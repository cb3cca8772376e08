// The console of one signed-in agent: the parts below, wired together. Made when the session is known; start and stop frame its life.

import { getContext, setContext } from "svelte";
import { called } from "../format";
import { coded, t } from "../../i18n/index.svelte";
import { post, Refusal, type Api } from "../../wire/api";
import { Feed, type Link } from "../../wire/socket";
import type { Conversation, ConversationID, Directory, Entry, JournalEvent, Change, Me, Message, MessageID, Presence, AgentState, Work as Start } from "../../wire/types";
import { Announcer } from "./announce.svelte";
import { Desk } from "./desk.svelte";
import { Drafts, type Mode } from "./drafts";
import { isMine } from "./entries";
import { nextWaiting, type View } from "./lists";
import type { Chosen } from "./mailing";
import { Offers } from "./offers.svelte";
import { Outbox, type Item, type Shelf } from "./outbox";
import { Reading } from "./reading.svelte";
import { Settings } from "./settings.svelte";
import { Bell } from "./sound";
import { Ticker } from "./ticker.svelte";
import { Work } from "./work.svelte";

export type Dialog = "" | "transfer" | "close" | "merge" | "palette" | "keys" | "leave";
export type Pane = "list" | "thread" | "customer";
export type Page = View | "rules" | "deliveries";

/** The pages that are not about one conversation. */
const whole: readonly Page[] = ["rules", "deliveries"];

const ringEvery = 5000;

export class Console {
  me = $state.raw({} as Me);
  page = $state<Page>("work");
  dialog = $state<Dialog>("");
  pane = $state<Pane>("list");
  drawer = $state(false);
  link = $state<Link>("connecting");
  linkSince = $state(Date.now());
  ready = $state(false);
  items = $state.raw<readonly Item[]>([]);
  /** The mail that can be taken back, the latest: until when is by this device's clock. */
  undoable = $state.raw<{ message: Message; until: number; mail: Chosen } | null>(null);
  directory = $state.raw<Directory>({ queues: [], agents: [] });
  /** The mail that is being printed. */
  paper = $state.raw<Message | null>(null);
  /** Asks the composer of a conversation to take the keyboard, once; null when it has. */
  compose = $state.raw<{ conversation: ConversationID; mode: Mode; text: string | null } | null>(null);

  readonly ticker = new Ticker();
  readonly announcer = new Announcer();
  readonly bell = new Bell();
  readonly work = new Work();
  readonly desk: Desk;
  readonly reading: Reading;
  readonly offers: Offers;
  readonly outbox: Outbox;
  private readonly feed: Feed;
  private readonly ends: (() => void)[] = [];
  private ring: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly api: Api,
    me: Me,
    shelf: Shelf,
    readonly settings: Settings,
    private readonly refused: () => void,
  ) {
    this.me = me;
    this.desk = new Desk(api, new Drafts(localStorage, me.agent));
    this.reading = new Reading(localStorage, me.agent);
    this.offers = new Offers(api, {
      made: (offer) => this.offered(offer.conversation),
      accepted: (c) => this.accepted(c),
      missed: () => this.announcer.alert(t("offer.missed")),
    });
    this.outbox = new Outbox({
      agent: me.agent,
      shelf,
      post: (item) => post(api, item),
      now: Date.now,
      changed: (items) => (this.items = items),
      done: (item, message, until) => this.sent(item, message, until),
      stopped: (item) => this.stoppedItem(item),
    });
    this.feed = new Feed(socketURL(), {
      position: () => this.work.inbox?.position ?? { epoch: "", offset: 0 },
      reset: () => this.load(),
      entries: (entries) => this.entries(entries),
      signal: (s) => this.work.signal(s, this.ticker.server.now()),
      ping: (offset) => this.work.ping(offset),
      stamp: (at) => this.ticker.server.observe(at),
      link: (link) => this.linked(link),
      refused: () => this.refused(),
    });
  }

  /** Loads the start, connects, and opens what the address names. */
  async start(): Promise<void> {
    this.ends.push(this.ticker.start());
    const hurry = () => {
      if (!document.hidden) this.feed.hurry();
    };
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    this.ends.push(() => removeEventListener("online", hurry), () => document.removeEventListener("visibilitychange", hurry));
    await this.load().catch(() => undefined); // the feed asks for it again
    this.feed.start();
    await this.outbox.load();
  }

  stop(): void {
    this.feed.stop();
    clearInterval(this.ring);
    for (const end of this.ends.splice(0)) end();
  }

  /** How many texts would be lost if the agent signed out now: begun, or not confirmed by the gateway. */
  get unsent(): number {
    return this.desk.drafts.count() + this.items.length;
  }

  /** Ends, and leaves nothing of what was typed on the device. */
  async leave(): Promise<void> {
    this.stop();
    this.desk.drafts.clear();
    await this.outbox.clear();
  }

  /** The session was renewed in place. */
  renewed(me: Me): void {
    this.me = me;
    this.feed.hurry();
    this.outbox.flush();
  }

  get online(): boolean {
    return this.link === "online";
  }

  get manages(): boolean {
    return this.me.role === "manager" || this.me.role === "admin";
  }

  /** Goes to a page, and there to a conversation or a customer. The address follows. */
  go(page: Page, selected = this.desk.selected): void {
    const to = `#/${page}${selected && !whole.includes(page) ? `/${selected}` : ""}`;
    if (location.hash !== to) location.hash = to;
    else this.follow();
  }

  open(selected: string): void {
    this.pane = "thread";
    this.go(whole.includes(this.page) ? "work" : this.page, selected);
  }

  /** Follows the address. */
  follow(): void {
    const [page, selected = ""] = location.hash.replace(/^#\//, "").split("/");
    this.page = page === "queues" || page === "deliveries" || (page === "rules" && this.manages) ? page : "work";
    if ((this.page === "work" || this.page === "queues") && this.work.view !== this.page) this.work.show(this.page);
    const asked = this.compose;
    if (asked && asked.conversation !== selected) {
      this.compose = null; // whoever has gone on is not called back, and finds his text where it belongs
      if (asked.text) this.desk.append(asked.conversation, asked.mode, asked.text);
    }
    if (!whole.includes(this.page)) void this.desk.open(decodeURIComponent(selected));
    this.view();
  }

  async setPresence(presence: Presence, reason = ""): Promise<void> {
    if (presence === "available") this.bell.unlock();
    const state = await this.attempt(() => this.api.send<AgentState>("PUT", "/api/me/presence", { presence, reason }));
    if (state) this.work.agent(state);
  }

  /** Puts a message into the outbox. */
  send(conversation: Conversation, mode: Mode, text: string, kind: Item["kind"], mail: Chosen = {}): void {
    const item = { client_id: crypto.randomUUID(), conversation: conversation.id, mode, text, kind, seen_seq: conversation.last_seq, mail };
    void this.outbox.add(item);
    this.desk.retire(conversation.id, mode, text);
  }

  /** Takes the latest mail back. It returns to where it was written; a text begun there meanwhile stays above its own. */
  async undo(): Promise<void> {
    const last = this.undoable;
    if (!last || last.until < Date.now()) return;
    this.undoable = null;
    this.announcer.dismiss();
    const { id, conversation, text } = last.message;
    const client_id = crypto.randomUUID();
    const back = await this.attempt(() => this.api.send<Message>("POST", `/api/conversations/${conversation}/messages/${id}/cancel`, { client_id }));
    if (!back) return;
    this.desk.message(back);
    this.desk.letter(conversation).resume(last.mail);
    if (this.desk.selected === conversation && !whole.includes(this.page)) this.toComposer("reply", text);
    else this.desk.append(conversation, "reply", text);
    this.announcer.show(t("undo.done"));
  }

  async take(id: ConversationID): Promise<void> {
    const c = await this.command(id, "take", {});
    if (!c) return;
    this.announcer.show(t("did.taken", { number: c.number }));
    this.toComposer("reply", null, id);
  }

  /** Sends a command about a conversation and shows its result; a refusal is said and returns null. */
  async command(id: ConversationID, verb: "take" | "transfer" | "close" | "reopen" | "merge" | "split", body: object): Promise<Conversation | null> {
    const client_id = crypto.randomUUID();
    const c = await this.attempt(() => this.api.send<Conversation>("POST", `/api/conversations/${id}/${verb}`, { client_id, ...body }));
    if (!c) return null;
    this.work.own(c);
    if (this.desk.selected === id) void this.desk.reload();
    return c;
  }

  /** Has a conversation go on in another one, and opens that. */
  async merge(from: Conversation, into: Conversation): Promise<boolean> {
    const c = await this.command(from.id, "merge", { into: into.id });
    if (!c) return false;
    this.open(into.id);
    this.announcer.show(t("did.merged", { from: from.number, into: into.number }), { label: t("do.undo"), run: () => void this.split(from.id) });
    return true;
  }

  /** Has a merged conversation stand by itself again. */
  async split(id: ConversationID): Promise<void> {
    const c = await this.command(id, "split", {});
    if (!c) return;
    void this.desk.reload();
    this.announcer.show(t("did.split", { number: c.number }), { label: t("do.open"), run: () => this.open(id) });
  }

  /** Begins a conversation with the sender of a mail that this one passes on, and opens it. */
  async branch(message: MessageID): Promise<void> {
    const client_id = crypto.randomUUID();
    const c = await this.attempt(() => this.api.send<Conversation>("POST", `/api/messages/${message}/branch`, { client_id }));
    if (!c) return;
    this.work.own(c);
    this.open(c.id);
  }

  /** Has the messages tried again that an account could not take in. */
  async retry(account: string): Promise<void> {
    const client_id = crypto.randomUUID();
    const done = await this.attempt(() => this.api.send("POST", `/api/health/channels/${encodeURIComponent(account)}/retry`, { client_id }).then(() => true));
    if (done) this.announcer.show(t("accounts.retried"));
  }

  /** Runs a request; a refusal is said in the person's language and gives null. */
  async attempt<T>(run: () => Promise<T>): Promise<T | null> {
    try {
      return await run();
    } catch (e) {
      this.announcer.show(coded("errors", e instanceof Refusal ? e.code : "unexpected", "errors.unexpected"));
      return null;
    }
  }

  /** Puts a text into the clipboard, and says so. */
  async copy(text: string, done: string): Promise<void> {
    await this.attempt(async () => {
      await navigator.clipboard.writeText(text);
      this.announcer.show(done);
    });
  }

  async loadDirectory(): Promise<void> {
    const found = await this.api.get<Directory>("/api/directory").catch(() => null); // the last one stays
    if (found) this.directory = { queues: found.queues ?? [], agents: found.agents ?? [] };
  }

  queueName(id: string): string {
    return this.directory.queues.find((q) => q.id === id)?.name ?? id;
  }

  agentName(id: string): string {
    return this.work.inbox?.agents.get(id)?.name ?? this.directory.agents.find((a) => a.id === id)?.name ?? id;
  }

  toComposer(mode: Mode, text: string | null = null, conversation: ConversationID = this.desk.selected): void {
    this.pane = "thread";
    this.compose = { conversation, mode, text };
  }

  /** Shows or hides the customer: a drawer, or a pane of its own on a narrow screen. */
  showCustomer(shown: boolean): void {
    this.drawer = shown;
    this.pane = shown ? "customer" : "thread";
  }

  nextWaiting(step: 1 | -1): void {
    const inbox = this.work.inbox;
    const id = inbox && nextWaiting(inbox.conversations.values(), this.me.agent, this.desk.selected || null, step);
    if (id) this.open(id);
  }

  typing(conversation: ConversationID, note: boolean): void {
    this.feed.send({ t: "typing", conversation, note });
  }

  private view(): void {
    const conversation = whole.includes(this.page) || this.desk.selected.startsWith("customer:") ? "" : this.desk.selected;
    this.feed.send({ t: "view", conversation });
  }

  private async load(): Promise<void> {
    const work = await this.api.get<Start>("/api/work");
    this.ticker.server.observe(Date.parse(work.now));
    const first = !this.ready;
    const before = this.work.inbox?.me;
    this.work.load(work);
    // What the agent chose outlives an inbox that was rebuilt from the record, which does not know it.
    if (before && before.presence !== "offline" && work.me.presence === "offline") void this.setPresence(before.presence, before.reason);
    this.offers.follow(work.offer ?? null, null);
    this.ready = true;
    await Promise.all([this.loadDirectory(), first ? this.follow() : this.reloaded()]);
  }

  private async reloaded(): Promise<void> {
    this.desk.forget();
    await this.desk.reload();
  }

  private linked(link: Link): void {
    const was = this.link;
    if ((link === "online") !== (was === "online")) this.linkSince = Date.now();
    // A new attempt after a loss is still "offline" to a person.
    this.link = link === "connecting" && was === "offline" ? "offline" : link;
    this.outbox.setOnline(link === "online" || navigator.onLine);
    if (link === "online" && was !== "online") {
      this.view();
      if (was === "offline") this.announcer.say(t("link.back"));
    }
  }

  private entries(entries: readonly Entry[]): void {
    this.work.entries(entries);
    this.desk.entries(entries);
    const inbox = this.work.inbox;
    if (inbox) this.offers.follow(inbox.offer, inbox.ended);
    if (!this.offers.card || this.offers.card.state !== "open") clearInterval(this.ring);
    for (const e of entries) if (e.type === "message.received") this.received(e);
  }

  private received(e: Entry): void {
    const change = (e.event as JournalEvent).data as Change;
    const c = change.conversation;
    if (!change.message || !isMine(c, this.me.agent)) return;
    const here = c.id === this.desk.selected && !document.hidden;
    const text = t("say.message", { name: called(c), text: (change.message.text || c.preview).slice(0, 140) });
    if (here) return this.announcer.say(text);
    this.bell.soft(c.id);
    this.bell.notify(called(c), c.preview, c.id, false, () => this.open(c.id));
  }

  private offered(c: Conversation): void {
    void this.desk.prefetch(c.id);
    const expires = this.offers.card?.offer.expires ?? "";
    const n = Math.max(0, Math.round((Date.parse(expires) - this.ticker.server.now()) / 1000)) || 0;
    this.announcer.alert(t("offer.announce", { channel: coded("channel", c.kind, "channel.chat"), name: called(c), n }));
    this.bell.offer();
    this.bell.notify(t("offer.title"), called(c), "offer", true, () => undefined);
    clearInterval(this.ring);
    this.ring = setInterval(() => (this.offers.card?.state === "open" ? this.bell.offer() : clearInterval(this.ring)), ringEvery);
  }

  /** Opens what was accepted, unless the person is in the middle of a sentence somewhere else. */
  private accepted(c: Conversation): void {
    clearInterval(this.ring);
    this.work.own(c);
    const field = document.activeElement;
    const busy = field instanceof HTMLTextAreaElement && field.value.trim() !== "";
    if (!busy) return this.open(c.id);
    this.announcer.show(t("offer.accepted_later", { name: called(c) }), { label: t("do.open"), run: () => this.open(c.id) });
  }

  private sent(item: Item, message: Message, until: string): void {
    this.desk.message(message);
    if (until) this.mayUndo(message, Date.parse(until), item.mail ?? {});
    if (item.mode === "note") this.announcer.say(t("did.noted"));
  }

  /** Offers to take a mail back. The deadline is the gateway's; how far it is off counts from its own clock, less a moment for the way. */
  private mayUndo(message: Message, deadline: number, mail: Chosen): void {
    const until = Date.now() + deadline - this.ticker.server.now() - 300;
    if (until <= Date.now()) return;
    this.undoable = { message, until, mail };
    this.announcer.show(t("undo.sent"), { label: t("do.undo"), run: () => void this.undo() }, until);
    setTimeout(() => {
      if (this.undoable?.message.id === message.id) this.undoable = null;
    }, until - Date.now());
  }

  private stoppedItem(item: Item): void {
    const about = this.work.conversation(item.conversation);
    const name = about ? called(about) : t("customer.unnamed");
    this.announcer.alert(item.state === "held" ? t("held.announce", { name }) : t("failed.announce", { name }));
    if (item.state === "failed") this.bell.failed();
    if (this.desk.selected !== item.conversation) {
      const text = item.state === "held" ? t("held.announce", { name }) : t("failed.announce", { name });
      this.announcer.show(text, { label: t("do.open"), run: () => this.open(item.conversation) });
    }
  }
}

function socketURL(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket`;
}

const key = Symbol("console");

export function provide(console: Console): void {
  setContext(key, console);
}

/** The console that the page belongs to; for components. */
export function use(): Console {
  return getContext<Console>(key);
}
