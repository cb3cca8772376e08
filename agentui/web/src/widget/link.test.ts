import { expect, test } from "vitest";
import { Clock } from "./testkit";
import { Close } from "./frames";
import { type Line, Link } from "./link";

class FakeLine {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onclose: ((e: { code: number }) => void) | null = null;
  readyState = 1;
  closed = false;
  send() {}
  close() {
    this.closed = true;
  }
}

function make(random = 0.5) {
  const clock = new Clock();
  const lines: FakeLine[] = [];
  const dials: number[] = [];
  const link = new Link({
    dial: () => {
      dials.push(clock.time);
      const l = new FakeLine();
      lines.push(l);
      return l as unknown as Line;
    },
    opened: () => undefined,
    frame: () => undefined,
    closed: () => true,
    changed: () => undefined,
    now: clock.now,
    random: () => random,
    later: clock.later,
  });
  return { clock, lines, dials, link, last: () => lines.at(-1)! };
}

test("C-08 reconnects for ever, from half a second to half a minute, with jitter", () => {
  for (const [random, factor] of [
    [0, 0.5],
    [1, 1],
  ] as const) {
    const { clock, dials, link, last } = make(random);
    link.start();
    const pauses: number[] = [];
    for (let i = 0; i < 10; i++) {
      const before = clock.time;
      last().onclose?.({ code: 1006 });
      while (dials.length === i + 1) clock.pass(1);
      pauses.push(clock.time - before);
    }
    const full = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000];
    expect(pauses).toEqual(full.map((f) => f * factor));
  }
});

test("C-08 a good connection begins with the short pause again, and online or a look ends the waiting", () => {
  const { clock, dials, link, last } = make();
  link.start();
  for (let i = 0; i < 6; i++) {
    last().onclose?.({ code: 1006 });
    clock.pass(30_000);
  }
  link.good();
  last().onclose?.({ code: 1006 });
  const n = dials.length;
  clock.pass(500);
  expect(dials.length).toBe(n + 1);
  last().onclose?.({ code: 1006 });
  link.wake();
  expect(dials.length).toBe(n + 2);
  expect(link.state).toBe("connecting");
});

test("C-05 a line on which nothing is heard is given up within twenty seconds", () => {
  const { clock, lines, dials, link, last } = make();
  link.start();
  link.good();
  for (let i = 0; i < 10; i++) {
    clock.pass(9_000);
    last().onmessage?.({ data: '{"t":"beat","time":1}' });
  }
  expect(dials).toHaveLength(1);
  clock.pass(21_000);
  expect(lines[0]?.closed).toBe(true);
  expect(dials.length).toBeGreaterThan(1);
});

test("after sleep the line is checked at once", () => {
  const { clock, link, lines } = make();
  link.start();
  link.good();
  clock.time += 3_600_000;
  link.wake();
  expect(lines[0]?.closed).toBe(true);
  expect(link.state).toBe("offline");
});

test("being replaced or ended is not followed by another connection", () => {
  for (const code of [Close.replaced, Close.ended]) {
    const { clock, dials, link, last } = make();
    link.start();
    last().onclose?.({ code });
    clock.pass(100_000);
    expect(dials).toHaveLength(1);
    expect(link.state).toBe("stopped");
  }
});

test("a drained server is not stormed", () => {
  const { clock, dials, link, last } = make(0);
  link.start();
  link.good();
  last().onclose?.({ code: Close.drain });
  clock.pass(999);
  expect(dials).toHaveLength(1);
  clock.pass(1);
  expect(dials).toHaveLength(2);
});

test("a close of an earlier line does not touch the present one, and stop leaves no timer", () => {
  const { clock, link, lines } = make();
  link.start();
  const stale = lines[0]!;
  const late = stale.onclose;
  link.again();
  clock.pass(500);
  late?.({ code: 1006 });
  expect(link.state).toBe("connecting");
  link.stop();
  expect(clock.waiting).toBe(0);
});

test("a short gap is shown as connecting, a longer one as no connection, without flicker between tries", () => {
  const { clock, link, last } = make();
  link.start();
  link.good();
  last().onclose?.({ code: 1006 });
  const shown = [link.shown];
  clock.pass(500);
  shown.push(link.shown);
  for (let i = 0; i < 3; i++) {
    last().onclose?.({ code: 1006 });
    shown.push(link.shown);
    clock.pass(30_000);
    shown.push(link.shown);
  }
  expect(shown).toEqual(["connecting", "connecting", ...Array<string>(6).fill("offline")]);
});
