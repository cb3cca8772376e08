// What the visitor sees of the conversation: lines from the server, and below them the messages that are still on their way.
//
// Invariants: lines are in order of seq and unique by id; upto is what the server said, never what we computed; a message that we sent
// stands either in pending or, known by its client id, in lines.

import type { OutFrame, WireLine } from "./frames";

export type BubbleState = "waiting" | "sending" | "sent" | "delivered" | "read" | "failed";

/** A message of the visitor that the record has not shown us yet. */
export interface Pending {
  id: string;
  text: string;
  at: number;
  state: "waiting" | "sending" | "sent" | "failed";
  code?: string;
  /** The position from its ack, once it has one. */
  seq?: number;
}

/** One bubble, ready to be drawn. */
export interface Bubble {
  key: string;
  from: "visitor" | "agent" | "system";
  name: string;
  text: string;
  at: number;
  state: BubbleState | "";
  code: string;
  files: string[];
}

export class Talk {
  epoch = "";
  open = false;
  upto = 0;
  /** The last position that the visitor has seen. */
  read = 0;
  /** Up to here an agent has seen what the visitor wrote. */
  seen = 0;
  lines: WireLine[] = [];
  pending: Pending[] = [];

  /** Takes a lines frame. Returns the agents' lines in it that were not known before. */
  take(f: OutFrame): WireLine[] {
    if (f.reset) {
      if (this.epoch !== (f.epoch ?? "")) this.seen = 0;
      this.lines = [];
    }
    this.epoch = f.epoch ?? "";
    this.open = f.open ?? false;
    this.upto = f.upto ?? 0;
    const known = new Map(this.lines.map((l) => [l.id, l]));
    const fresh: WireLine[] = [];
    for (const l of f.lines ?? []) {
      if (!known.has(l.id) && l.from !== "visitor") fresh.push(l);
      known.set(l.id, l);
    }
    this.lines = [...known.values()].sort((a, b) => a.seq - b.seq);
    const shown = new Set(this.lines.map((l) => l.client));
    this.pending = this.pending.filter((p) => !shown.has(p.id));
    return fresh;
  }

  /** Takes the ack of a message: it is committed, and shown as sent until its line comes. */
  acked(f: OutFrame): void {
    this.pending = this.pending.map((p) =>
      p.id === f.id ? { ...p, state: "sent", seq: f.seq ?? 0, at: f.time } : p,
    );
  }

  /** Changes one pending message. */
  mark(id: string, state: Pending["state"], code?: string): void {
    this.pending = this.pending.map((p) => (p.id === id ? { ...p, state, ...(code ? { code } : {}) } : p));
  }

  /** How many of the agents' lines the visitor has not seen. */
  unread(): number {
    return this.lines.filter((l) => l.from !== "visitor" && l.seq > this.read).length;
  }

  /** The last position that can be marked as seen. */
  last(): number {
    return this.lines.at(-1)?.seq ?? 0;
  }

  bubbles(): Bubble[] {
    const lines = this.lines.map((l): Bubble => {
      const own = l.from === "visitor";
      return {
        key: l.client || l.id,
        from: l.from,
        name: l.name ?? "",
        text: l.text,
        at: l.at,
        state: !own ? "" : l.seq <= this.seen ? "read" : "delivered",
        code: "",
        files: (l.parts ?? []).map((p) => p.name),
      };
    });
    const pending = this.pending.map((p): Bubble => {
      return { key: p.id, from: "visitor", name: "", text: p.text, at: p.at, state: p.state, code: p.code ?? "", files: [] };
    });
    return [...lines, ...pending];
  }

  clear(): void {
    this.epoch = "";
    this.open = false;
    this.upto = this.read = this.seen = 0;
    this.lines = [];
    this.pending = [];
  }
}
