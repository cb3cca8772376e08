// The connection: it is kept up for ever, with growing pauses and jitter, and at once when the browser says that it is online or the
// page is looked at again. A connection on which nothing is heard for as long as the server's heartbeat allows is given up: a
// half-open line looks healthy to the browser.

import { Close, type InFrame, type OutFrame } from "./frames";

export type LinkState = "idle" | "connecting" | "online" | "offline" | "stopped";

/** The part of WebSocket that is used. */
export interface Line {
  onopen: ((this: never, e: never) => void) | null;
  onmessage: ((this: never, e: never) => void) | null;
  onclose: ((this: never, e: never) => void) | null;
  readonly readyState: number;
  send(data: string): void;
  close(): void;
}

export interface LinkDeps {
  dial(): Line;
  /** The first words on a new connection. */
  opened(): void;
  frame(f: OutFrame): void;
  /** The connection is gone; code is why. Returns false if there must be no other. */
  closed(code: number): boolean;
  changed(s: LinkState): void;
  now(): number;
  random(): number;
  later(ms: number, fn: () => void): () => void;
}

/** The server is heard at least every nine seconds. */
const silence = 15_000;
const firstPause = 500;
const lastPause = 30_000;

export class Link {
  state: LinkState = "idle";
  private line: Line | undefined;
  private tries = 0;
  private heard = 0;
  private cancel: (() => void) | undefined;

  constructor(private readonly d: LinkDeps) {}

  /** The state for people: a short gap is being connected again, a longer one is no connection, and neither flickers. */
  get shown(): LinkState {
    if (this.state !== "connecting" && this.state !== "offline") return this.state;
    return this.tries > 1 ? "offline" : "connecting";
  }

  /** Connects now, unless it is connected or stopped. */
  start(): void {
    if (this.state === "connecting" || this.state === "online" || this.state === "stopped") return;
    this.cancel?.();
    this.to("connecting");
    this.heard = this.d.now();
    let line: Line;
    try {
      line = this.d.dial();
    } catch {
      this.gone(0);
      return;
    }
    this.line = line;
    line.onopen = () => this.d.opened();
    line.onmessage = (e: { data: unknown }) => this.hear(e.data);
    line.onclose = (e: { code: number }) => {
      if (this.line === line) this.gone(e.code);
    };
    this.watch();
  }

  /** The conversation is resumed: the connection is good, and a later loss begins with a short pause again. */
  good(): void {
    this.tries = 0;
    this.to("online");
  }

  /** The browser is online again or looked at again: no more waiting. */
  wake(): void {
    if (this.state === "offline") this.start();
    else if (this.line && this.d.now() - this.heard > silence) this.cut();
  }

  send(f: InFrame): boolean {
    if (!this.line || this.line.readyState !== 1) return false;
    this.line.send(JSON.stringify(f));
    return true;
  }

  /** Ends the connection and makes another after the shortest pause. */
  again(): void {
    this.tries = 0;
    this.cut();
  }

  /** Ends the connection and makes another after the pause that is due. */
  giveUp(): void {
    this.cut();
  }

  /** Ends for good. */
  stop(): void {
    this.cancel?.();
    this.to("stopped");
    this.drop();
  }

  /** After stop: ready to start anew. */
  reset(): void {
    this.stop();
    this.tries = 0;
    this.to("idle");
  }

  private hear(data: unknown): void {
    this.heard = this.d.now();
    if (typeof data !== "string") return;
    let f: OutFrame;
    try {
      f = JSON.parse(data) as OutFrame;
    } catch {
      return; // not ours; the next position check repairs what it may have been
    }
    this.d.frame(f);
  }

  private watch(): void {
    this.cancel?.();
    this.cancel = this.d.later(silence / 3, () => {
      if (this.d.now() - this.heard > silence) this.cut();
      else this.watch();
    });
  }

  private cut(): void {
    const had = this.line !== undefined;
    this.drop();
    if (had) this.gone(0);
  }

  private drop(): void {
    const line = this.line;
    this.line = undefined;
    if (!line) return;
    line.onopen = line.onmessage = line.onclose = null;
    line.close();
  }

  private gone(code: number): void {
    this.line = undefined;
    this.cancel?.();
    if (this.state === "stopped") return;
    if (!this.d.closed(code) || code === Close.replaced || code === Close.ended) {
      this.to("stopped");
      return;
    }
    this.to("offline");
    this.cancel = this.d.later(this.pause(code), () => this.start());
  }

  /** Half of the pause is certain, half is chance, so that those who were cut together do not come back together. */
  private pause(code: number): number {
    const from = code === Close.limited ? 10_000 : code === Close.drain ? 2_000 : firstPause;
    const full = Math.min(lastPause, from * 2 ** this.tries);
    this.tries++;
    return full / 2 + (this.d.random() * full) / 2;
  }

  private to(s: LinkState): void {
    if (this.state === s) return;
    this.state = s;
    this.d.changed(s);
  }
}
