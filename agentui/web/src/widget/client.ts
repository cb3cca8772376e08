// The chat behind the screen: conversation, queue and connection put together. It knows nothing of Svelte, of frames or of the
// window; what it needs of them comes in through Env.

import { Close, type OutFrame } from "./frames";
import { type Line, Link, type LinkState } from "./link";
import { Queue, type Store } from "./queue";
import { type Bubble, Talk } from "./talk";
import { Typing } from "./typing";
import type { EventName } from "../loader/bridge";

export interface Env {
  lang: string;
  store: Store;
  /** Whether the host page can say who the visitor is. */
  identity: boolean;
  verifiedOnly: boolean;
  dial(): Line;
  /** Asks the server for a visitor token; renews the one given. Rejects when it cannot be had now. */
  visit(token: string): Promise<string>;
  /** Asks the host page for an identity token; "" for none. */
  jwt(): Promise<string>;
  wipe(): void;
  changed(): void;
  event(name: EventName, data?: unknown): void;
  now(): number;
  random(): number;
  uuid(): string;
  later(ms: number, fn: () => void): () => void;
}

export type ContactState = "none" | "ask" | "sending" | "bad" | "done";

/** Everything that the screen shows, anew at each change. */
export interface View {
  link: LinkState;
  bubbles: Bubble[];
  typing: string;
  open: boolean;
  unread: number;
  contact: ContactState;
  address: string;
  /** Only people who are signed in on the site may write, and this visitor is not. */
  locked: boolean;
}

export class Client {
  private readonly talk = new Talk();
  private readonly queue: Queue;
  private readonly link: Link;
  private readonly typing: Typing;
  private visible = false;
  private locked = false;
  private contactState: ContactState;
  private known = false;
  private generation = 0;
  private told = -1;
  private resumed = false;
  /** The address that was sent last. */
  private asked = "";
  /** The conversation to which the seen position belongs. */
  private readEpoch = "";

  constructor(private readonly env: Env) {
    const [epoch = "", seq = ""] = (env.store.get("read") ?? "").split(" ");
    this.readEpoch = epoch;
    this.talk.read = Number(seq) || 0;
    this.contactState = env.store.get("contact") === undefined ? "none" : "done";
    this.typing = new Typing(env, () => this.changed());
    this.link = new Link({
      dial: () => env.dial(),
      opened: () => void this.greet(),
      frame: (f) => this.hear(f),
      closed: (code) => this.lost(code),
      changed: () => this.changed(),
      now: env.now,
      random: env.random,
      later: env.later,
    });
    this.queue = new Queue({
      talk: this.talk,
      store: env.store,
      send: (f) => this.link.state === "online" && this.link.send(f),
      changed: () => this.changed(),
      now: env.now,
      uuid: env.uuid,
      later: env.later,
    });
    this.queue.restore();
  }

  /** Connects if the visitor has written before; a stranger is connected when he first writes. */
  begin(): void {
    if (this.env.store.get("token") || this.talk.pending.length > 0) this.link.start();
    this.changed();
  }

  send(text: string): void {
    const clean = text.trim();
    if (clean === "") return;
    this.queue.add(clean);
    this.link.start();
    this.env.event("message", "out");
  }

  retry(id: string): void {
    this.queue.retry(id);
    this.link.wake();
  }

  drop(id: string): void {
    this.queue.drop(id);
  }

  /** The visitor changes his draft. */
  typed(): void {
    if (this.link.state === "online" && this.talk.open && this.typing.due()) this.link.send({ t: "typing" });
  }

  /** Where to answer if the visitor leaves; undefined when he does not want to say. */
  contact(address: string | undefined): void {
    if (address === undefined) {
      this.env.store.put("contact", "");
      this.contactState = "done";
    } else {
      const value = address.trim();
      const frame = value.includes("@") ? { email: value } : { phone: value };
      this.asked = value;
      this.contactState = this.link.send({ t: "contact", id: value, ...frame }) ? "sending" : "ask";
    }
    this.changed();
  }

  look(visible: boolean): void {
    this.visible = visible;
    if (visible) this.link.wake();
    this.see();
    this.changed();
  }

  /** The browser says that it is online again. */
  wake(): void {
    this.link.wake();
  }

  /** The host page can say who the visitor is now: say hello again. */
  identify(): void {
    this.env.identity = true;
    this.locked = false;
    if (this.link.state === "stopped") this.link.reset();
    if (this.link.state === "idle") this.begin();
    else this.link.again();
  }

  /** The visitor wants the conversation here after it was taken elsewhere. */
  resume(): void {
    this.link.reset();
    this.link.start();
  }

  /** Forgets everything about the visitor, here and in storage. */
  forget(): void {
    this.link.reset();
    this.queue.lost();
    this.talk.clear();
    this.typing.clear();
    this.env.wipe();
    this.contactState = "none";
    this.known = false;
    this.changed();
  }

  view(): View {
    return {
      link: this.link.shown,
      bubbles: this.talk.bubbles(),
      typing: this.typing.name,
      open: this.talk.open,
      unread: this.talk.unread(),
      contact: this.contactState,
      address: this.env.store.get("contact") ?? "",
      locked: this.locked,
    };
  }

  /** The first words on a new connection: who, and where we were. */
  private async greet(): Promise<void> {
    const generation = ++this.generation;
    const kept = this.env.store.get("token") ?? "";
    const [token, jwt] = await Promise.all([
      kept || this.env.visit("").catch(() => ""),
      this.env.identity ? this.env.jwt() : "",
    ]);
    if (generation !== this.generation) return; // another connection has taken over
    if (!token) {
      this.link.giveUp(); // and come again after a pause
      return;
    }
    if (!kept) this.env.store.put("token", token);
    this.link.send({ t: "hello", token, lang: this.env.lang });
    if (jwt) this.link.send({ t: "identify", jwt });
    this.link.send({ t: "resume", epoch: this.talk.epoch, seq: this.talk.upto, read: this.talk.read });
  }

  private hear(f: OutFrame): void {
    switch (f.t) {
      case "beat":
        this.link.send({ t: "beat", seq: this.talk.upto });
        return;
      case "lines":
        this.lines(f);
        break;
      case "ack":
        this.queue.acked(f);
        this.ask();
        break;
      case "typing":
        this.typing.show(f.name ?? "");
        break;
      case "seen":
        if (f.epoch === this.talk.epoch) this.talk.seen = Math.max(this.talk.seen, f.seq ?? 0);
        break;
      case "visit":
        this.renewed(f);
        break;
      case "identified":
        this.known = true;
        this.contactState = this.contactState === "ask" ? "none" : this.contactState;
        this.env.event("identified", f.name ?? "");
        break;
      case "contact":
        this.contactState = "done";
        this.env.store.put("contact", f.id ?? "");
        break;
      case "error":
        this.failed(f);
    }
    this.changed();
  }

  private lines(f: OutFrame): void {
    const wasOpen = this.talk.open;
    this.resumed = true;
    if ((f.epoch ?? "") !== this.readEpoch) {
      this.readEpoch = f.epoch ?? "";
      this.talk.read = 0;
    }
    const fresh = this.talk.take(f);
    if (this.link.state !== "online") {
      this.link.good();
      this.queue.flush();
    }
    if (fresh.length > 0) {
      this.typing.clear();
      this.link.send({ t: "ack", seq: this.talk.upto });
      if (!f.reset) this.env.event("message", "in");
    }
    if (this.talk.open !== wasOpen) this.env.event("conversation", this.talk.open ? "start" : "end");
    this.see();
    this.ask();
  }

  /** A new token for the same visit, or, fresh, the token of another person's own visit. */
  private renewed(f: OutFrame): void {
    if (f.fresh) {
      this.talk.clear();
      this.env.wipe();
      this.contactState = "none";
    }
    if (f.token) this.env.store.put("token", f.token);
  }

  private failed(f: OutFrame): void {
    switch (f.code) {
      case "token":
        this.env.store.del("token"); // the close that follows brings us back with a new visit
        break;
      case "identify_first":
        this.refused();
        break;
      case "contact":
        this.contactState = "bad";
        break;
      default:
        if (this.contactState === "sending" && f.id === this.asked) this.contactState = "ask";
        else this.queue.failed(f);
        this.env.event("error", f.code);
    }
  }

  /** The visit belongs to somebody who is not proved to be here. Where anyone may write, a new visit begins; the old lines go. */
  private refused(): void {
    if (this.env.verifiedOnly) {
      this.locked = true;
      this.link.stop();
      return;
    }
    this.talk.clear();
    this.env.wipe();
    this.contactState = "none";
    this.link.again();
  }

  private lost(code: number): boolean {
    this.generation++;
    this.queue.lost();
    this.typing.clear();
    this.known = false;
    if (this.contactState === "sending") this.contactState = "ask";
    return code !== Close.replaced && code !== Close.ended;
  }

  /** What is on the screen has been seen. */
  private see(): void {
    const last = this.talk.last();
    if (!this.visible || last <= this.talk.read) return;
    this.talk.read = last;
    this.env.store.put("read", `${this.talk.epoch} ${last}`);
    this.link.send({ t: "read", seq: last });
  }

  /** After the first message, and only then, asks where to answer. */
  private ask(): void {
    const wrote = this.talk.lines.some((l) => l.from === "visitor") || this.talk.pending.some((p) => p.seq);
    if (this.contactState === "none" && wrote && !this.known) this.contactState = "ask";
  }

  private changed(): void {
    const n = this.talk.unread();
    // Before the first lines have come nobody knows; the loader may have asked by itself.
    if (n !== this.told && (this.resumed || !this.env.store.get("token"))) {
      this.told = n;
      this.env.event("unread", n);
    }
    this.env.changed();
  }
}
