// A clock that tests turn by hand, and a first-party storage in memory.

import type { Store } from "./queue";

export class Clock {
  time = 1_000_000;
  private timers: { at: number; fn: () => void }[] = [];

  now = (): number => this.time;

  later = (ms: number, fn: () => void): (() => void) => {
    const t = { at: this.time + ms, fn };
    this.timers.push(t);
    return () => {
      this.timers = this.timers.filter((o) => o !== t);
    };
  };

  /** Lets time pass; what falls due runs in order. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.time = Math.max(this.time, next.at);
      next.fn();
    }
    this.time = end;
  }

  get waiting(): number {
    return this.timers.length;
  }
}

export function memory(kept = new Map<string, string>()): Store & { kept: Map<string, string> } {
  return {
    kept,
    get: (k) => kept.get(k),
    keys: () => [...kept.keys()],
    put: (k, v) => void kept.set(k, v),
    del: (k) => void kept.delete(k),
  };
}
