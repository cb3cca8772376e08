import { expect, test } from "vitest";
import { left, ServerClock, span, wait } from "./clock";
import { at } from "./fixtures";

const day = (n: number) => `${n} d`;

test("C03: the server's clock is known though one's own is five minutes wrong", () => {
  let local = 1_000_000;
  const clock = new ServerClock(() => local);
  clock.observe(local + 300_000 - 900); // 900 ms on the way
  local += 5000;
  clock.observe(local + 300_000 - 40);
  local += 5000;
  clock.observe(local + 300_000 - 2000);
  expect(clock.now()).toBe(local + 300_000 - 40);
});

test("spans are read as on a clock", () => {
  const now = Date.parse(at(0));
  expect(span(now - 7000, now)).toBe("0:07");
  expect(span(now - 130_000, now)).toBe("2:10");
  expect(span(now - 3_723_000, now)).toBe("1:02:03");
  expect(span(now + 5000, now)).toBe("0:00");
  expect(span(undefined, now)).toBe("0:00");
});

test("a row's waiting time gets coarser as it grows", () => {
  const now = Date.parse(at(0));
  const ago = (s: number) => new Date(now - s * 1000).toISOString();
  expect(wait(ago(130), now, day)).toBe("2:10");
  expect(wait(ago(3900), now, day)).toBe("1h05");
  expect(wait(ago(3 * 86_400), now, day)).toBe("3 d");
});

test("a deadline is never negative", () => {
  expect(left(at(10), Date.parse(at(0)))).toBe(10);
  expect(left(at(0), Date.parse(at(10)))).toBe(0);
});
