import { expect, test } from "vitest";
import { Clock, memory } from "./testkit";
import { Queue } from "./queue";
import { Talk } from "./talk";

function make(kept?: Map<string, string>) {
  const clock = new Clock();
  const talk = new Talk();
  const store = memory(kept);
  const sent: { id: string; text: string }[] = [];
  const line = { up: true };
  let n = 0;
  const queue = new Queue({
    talk,
    store,
    send: (f) => {
      if (line.up) sent.push(f);
      return line.up;
    },
    changed: () => undefined,
    now: clock.now,
    uuid: () => `u${++n}`,
    later: clock.later,
  });
  return { clock, talk, store, sent, line, queue };
}

test("C-07 messages leave one by one, in order, each after the ack of the one before", () => {
  const { queue, sent, talk, store } = make();
  queue.add("a");
  queue.add("b");
  expect(sent.map((s) => s.text)).toEqual(["a"]);
  expect(talk.pending.map((p) => p.state)).toEqual(["sending", "waiting"]);
  queue.acked({ t: "ack", time: 5, id: "u1", seq: 1 });
  expect(sent.map((s) => s.text)).toEqual(["a", "b"]);
  expect(talk.pending.map((p) => p.state)).toEqual(["sent", "sending"]);
  expect(store.keys()).toEqual(["out:u2"]);
});

test("C-07 a message without an ack is sent again under the same id", () => {
  const { queue, sent, clock } = make();
  queue.add("a");
  clock.pass(12_000);
  expect(sent).toEqual([
    { t: "send", id: "u1", text: "a" },
    { t: "send", id: "u1", text: "a" },
  ]);
});

test("C-07 a lost connection puts the message back and the next one sends it again", () => {
  const { queue, sent, line, talk } = make();
  queue.add("a");
  line.up = false;
  queue.lost();
  expect(talk.pending[0]?.state).toBe("waiting");
  queue.add("b");
  line.up = true;
  queue.flush();
  expect(sent.map((s) => s.id)).toEqual(["u1", "u1"]);
});

test("C-07 what waits survives a reload, in the order in which it was written", () => {
  const first = make();
  first.line.up = false;
  first.queue.add("a");
  first.clock.pass(10);
  first.queue.add("b");
  first.store.put("out:rubbish", "{");
  const second = make(first.store.kept);
  second.queue.restore();
  second.queue.restore();
  expect(second.talk.pending.map((p) => p.text)).toEqual(["a", "b"]);
  second.queue.flush();
  expect(second.sent).toEqual([{ t: "send", id: "u1", text: "a" }]);
});

test("an error that passes is waited out, and a later message does not overtake", () => {
  const { queue, sent, clock, talk } = make();
  queue.add("a");
  queue.add("b");
  queue.failed({ t: "error", time: 0, id: "u1", code: "slow_down", retry: 3000 });
  clock.pass(2999);
  expect(sent).toHaveLength(1);
  clock.pass(1);
  expect(sent.map((s) => s.text)).toEqual(["a", "a"]);
  expect(talk.pending.map((p) => p.state)).toEqual(["sending", "waiting"]);
});

test("an error that stays marks the message, lets the next one go, and the visitor decides", () => {
  const { queue, sent, talk, store } = make();
  queue.add("a");
  queue.add("b");
  queue.failed({ t: "error", time: 0, id: "u1", code: "too_long" });
  expect(talk.pending.map((p) => [p.state, p.code])).toEqual([
    ["failed", "too_long"],
    ["sending", undefined],
  ]);
  queue.acked({ t: "ack", time: 0, id: "u2", seq: 1 });
  queue.retry("u1");
  expect(sent.map((s) => s.id)).toEqual(["u1", "u2", "u1"]);
  queue.failed({ t: "error", time: 0, id: "u1", code: "refused" });
  queue.drop("u1");
  expect(talk.pending.map((p) => p.id)).toEqual(["u2"]);
  expect(store.keys()).toEqual([]);
});
