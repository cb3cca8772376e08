// The way out: messages leave one after the other, each again and again under the same id until the server has acknowledged it, so
// that their order holds and a repeat changes nothing. What waits survives a reload in the host page's first-party storage.

import type { OutFrame } from "./frames";
import type { Talk } from "./talk";

/** Small first-party storage, kept by the loader for us. */
export interface Store {
  get(key: string): string | undefined;
  keys(): string[];
  put(key: string, value: string): void;
  del(key: string): void;
}

export interface QueueDeps {
  talk: Talk;
  store: Store;
  /** Sends one frame; false when the connection cannot take it now. */
  send(f: { t: "send"; id: string; text: string }): boolean;
  changed(): void;
  now(): number;
  uuid(): string;
  later(ms: number, fn: () => void): () => void;
}

const prefix = "out:";
/** How long an ack may take before the message is sent again. */
const ackWait = 12_000;
/** Codes after which trying again is useless until the visitor says so. */
const final = new Set(["bad_frame", "too_long", "empty", "refused"]);

export class Queue {
  private flying = "";
  private stop: (() => void) | undefined;

  constructor(private readonly d: QueueDeps) {}

  /** Brings back what waited when the page was left. */
  restore(): void {
    const found = this.d.store
      .keys()
      .filter((k) => k.startsWith(prefix))
      .map((k) => parse(k.slice(prefix.length), this.d.store.get(k)))
      .filter((p) => p !== undefined)
      .filter((p) => !this.d.talk.pending.some((q) => q.id === p.id))
      .sort((a, b) => a.at - b.at);
    this.d.talk.pending = [...this.d.talk.pending, ...found];
  }

  add(text: string): void {
    const p = { id: this.d.uuid(), text, at: this.d.now(), state: "waiting" as const };
    this.d.store.put(prefix + p.id, JSON.stringify({ text, at: p.at }));
    this.d.talk.pending = [...this.d.talk.pending, p];
    this.flush();
    this.d.changed();
  }

  /** Sends the next message if none is on its way. */
  flush(): void {
    if (this.flying) return;
    const next = this.d.talk.pending.find((p) => p.state === "waiting" || p.state === "sending");
    if (!next) return;
    if (!this.d.send({ t: "send", id: next.id, text: next.text })) return;
    this.flying = next.id;
    this.d.talk.mark(next.id, "sending");
    this.again(ackWait);
  }

  /** The connection is gone: nothing is on its way any more. */
  lost(): void {
    this.land();
    this.d.talk.pending = this.d.talk.pending.map((p) => (p.state === "sending" ? { ...p, state: "waiting" } : p));
  }

  acked(f: OutFrame): void {
    if (!f.id) return;
    this.d.store.del(prefix + f.id);
    this.d.talk.acked(f);
    if (f.id === this.flying) this.land();
    this.flush();
  }

  /** Takes an error that concerns a message. */
  failed(f: OutFrame): void {
    if (!f.id || !this.d.talk.pending.some((p) => p.id === f.id)) return;
    const flying = f.id === this.flying;
    if (final.has(f.code ?? "")) {
      this.d.talk.mark(f.id, "failed", f.code);
      if (flying) this.land();
      this.flush();
    } else if (flying) {
      this.again(Math.max(f.retry ?? 0, 500)); // still in flight, so that a later message does not overtake it
    }
  }

  /** The visitor wants a failed message to be tried again. */
  retry(id: string): void {
    this.d.talk.mark(id, "waiting");
    this.flush();
    this.d.changed();
  }

  /** The visitor gives a failed message up. */
  drop(id: string): void {
    this.d.store.del(prefix + id);
    this.d.talk.pending = this.d.talk.pending.filter((p) => p.id !== id);
    this.d.changed();
  }

  private again(ms: number): void {
    this.stop?.();
    this.stop = this.d.later(ms, () => {
      this.flying = "";
      this.flush();
      this.d.changed();
    });
  }

  private land(): void {
    this.stop?.();
    this.stop = undefined;
    this.flying = "";
  }
}

function parse(id: string, value: string | undefined) {
  try {
    const v = JSON.parse(value ?? "") as { text?: unknown; at?: unknown };
    if (typeof v.text === "string" && typeof v.at === "number") {
      return { id, text: v.text, at: v.at, state: "waiting" as const };
    }
  } catch {
    // written by something else: not ours to send
  }
  return undefined;
}
