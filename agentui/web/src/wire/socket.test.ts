import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Feed, type Handlers } from "./socket";
import type { Entry } from "./types";

// The other end of a connection, as a test drives it.
class Wire {
  static readonly OPEN = 1;
  static all: Wire[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Wire.all.push(this);
  }
  static get last(): Wire {
    return Wire.all.at(-1) as Wire;
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.readyState = 3;
  }
  opened(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  broken(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

function rig() {
  const position = { epoch: "e1", offset: 10 };
  const got: number[] = [];
  const links: string[] = [];
  const h: Handlers = {
    position: () => position,
    reset: vi.fn(async () => {
      position.epoch = "e2";
      position.offset = 100;
    }),
    entries: (all) => {
      for (const e of all) got.push(e.offset);
      position.offset = all.at(-1)?.offset ?? position.offset;
    },
    signal: vi.fn(),
    ping: (offset) => (position.offset = Math.max(position.offset, offset)),
    stamp: vi.fn(),
    link: (l) => links.push(l),
    refused: vi.fn(),
  };
  const feed = new Feed("ws://test", h, "tab", () => new Wire() as unknown as WebSocket, () => 1);
  feed.start();
  return { feed, h, got, links, position };
}

const entry = (offset: number) => ({ t: "entry", at: 1, entry: { epoch: "e1", offset } as Entry });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Wire);
  Wire.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the feed", () => {
  test("says where it stands, takes what follows and acknowledges it", () => {
    const r = rig();
    Wire.last.opened();
    expect(Wire.last.sent).toEqual([{ t: "hello", epoch: "e1", offset: 10, tab: "tab" }]);
    Wire.last.says({ t: "welcome", at: 5, epoch: "e1", offset: 12, reset: false });
    Wire.last.says(entry(11));
    Wire.last.says(entry(12));
    Wire.last.says({ t: "ping", at: 6, offset: 14 });
    expect(r.got).toEqual([11, 12]);
    expect(Wire.last.sent.at(-1)).toEqual({ t: "ack", offset: 14 });
    expect(r.links.at(-1)).toBe("online");
  });

  test("C18: comes back from where it was, for ever", () => {
    const r = rig();
    for (let i = 0; i < 60; i++) {
      Wire.last.broken();
      vi.advanceTimersByTime(30_000);
    }
    expect(Wire.all.length).toBeGreaterThan(60);
    Wire.last.opened();
    Wire.last.says({ t: "welcome", at: 5, epoch: "e1", offset: 10, reset: false });
    Wire.last.says(entry(11));
    vi.advanceTimersByTime(20);
    Wire.last.broken();
    vi.advanceTimersByTime(500);
    Wire.last.opened();
    expect(Wire.last.sent[0]).toMatchObject({ t: "hello", offset: 11 });
    expect(r.got).toEqual([11]);
  });

  test("after a reset it loads a new start, then says hello from there", async () => {
    const r = rig();
    Wire.last.opened();
    Wire.last.says({ t: "welcome", at: 5, epoch: "e2", offset: 100, reset: true });
    await vi.runOnlyPendingTimersAsync();
    expect(r.h.reset).toHaveBeenCalledTimes(1);
    expect(Wire.last.sent.at(-1)).toMatchObject({ t: "hello", epoch: "e2", offset: 100 });
  });

  test("a start that cannot be loaded is tried again on a new connection", async () => {
    const r = rig();
    r.h.reset = () => Promise.reject(new Error("no"));
    Wire.last.opened();
    Wire.last.says({ t: "welcome", at: 5, epoch: "e2", offset: 100, reset: true });
    await vi.advanceTimersByTimeAsync(1000);
    expect(Wire.all.length).toBe(2);
  });

  test("a connection that has gone silent is given up after 15 s", () => {
    const r = rig();
    Wire.last.opened();
    Wire.last.says({ t: "welcome", at: 5, epoch: "e1", offset: 10, reset: false });
    vi.advanceTimersByTime(14_000);
    Wire.last.says({ t: "ping", at: 6, offset: 10 });
    vi.advanceTimersByTime(14_000);
    expect(r.links.at(-1)).toBe("online");
    vi.advanceTimersByTime(1100);
    expect(r.links.at(-1)).toBe("offline");
  });

  test("frames of a connection that was given up are not taken", () => {
    const r = rig();
    const old = Wire.last;
    old.opened();
    old.says({ t: "welcome", at: 5, epoch: "e1", offset: 10, reset: false });
    vi.advanceTimersByTime(15_500);
    old.says(entry(11));
    vi.advanceTimersByTime(20);
    expect(r.got).toEqual([]);
  });

  test("a connection that never greeted tells its owner, who may look at the session", () => {
    const r = rig();
    Wire.last.broken();
    expect(r.h.refused).toHaveBeenCalledTimes(1);
  });

  test("what is not a frame is passed over", () => {
    const r = rig();
    Wire.last.opened();
    Wire.last.onmessage?.({ data: "{not json" });
    Wire.last.says({ t: "of the future", at: 1 });
    Wire.last.says(entry(11));
    vi.advanceTimersByTime(20);
    expect(r.got).toEqual([11]);
  });
});
