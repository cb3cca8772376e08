import { expect, test } from "vitest";
import { Client } from "./client";
import { Clock, memory } from "./testkit";
import type { InFrame, OutFrame } from "./frames";
import type { Line } from "./link";

/** The server's end of the line. */
class Peer {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number }) => void) | null = null;
  readyState = 0;
  heard: InFrame[] = [];
  send(data: string) {
    this.heard.push(JSON.parse(data) as InFrame);
  }
  close() {
    this.readyState = 3;
  }
  say(f: Partial<OutFrame> & { t: OutFrame["t"] }) {
    this.onmessage?.({ data: JSON.stringify({ time: 1, ...f }) });
  }
  async open() {
    this.readyState = 1;
    this.onopen?.();
    await settled();
  }
  kinds() {
    return this.heard.map((f) => f.t);
  }
}

const settled = () => new Promise((r) => setImmediate(r));

function make(kept: [string, string][] = [], options: { identity?: string; verifiedOnly?: boolean } = {}) {
  const clock = new Clock();
  const store = memory(new Map(kept));
  const peers: Peer[] = [];
  const visits: string[] = [];
  const events: string[] = [];
  let n = 0;
  const client = new Client({
    lang: "it",
    store,
    identity: options.identity !== undefined,
    verifiedOnly: options.verifiedOnly ?? false,
    dial: () => {
      const p = new Peer();
      peers.push(p);
      return p as unknown as Line;
    },
    visit: (token) => {
      visits.push(token);
      return Promise.resolve(`visit${visits.length}`);
    },
    jwt: () => Promise.resolve(options.identity ?? ""),
    wipe: () => store.kept.clear(),
    changed: () => undefined,
    event: (name, data) => void events.push(data === undefined ? name : `${name}:${String(data)}`),
    now: clock.now,
    random: () => 0,
    uuid: () => `u${++n}`,
    later: clock.later,
  });
  return { clock, store, peers, visits, events, client, peer: () => peers.at(-1)! };
}

const agentLine = (seq: number, text: string) => ({ seq, id: `m${seq}`, from: "agent" as const, name: "Bea", text, at: seq });

async function resumed(kept?: [string, string][]) {
  const m = make(kept);
  m.client.begin();
  if (m.peers.length === 0) m.client.send("ciao");
  await m.peer().open();
  m.peer().say({ t: "welcome" });
  m.peer().say({ t: "lines" });
  return m;
}

test("nothing is stored and nothing connects before the visitor writes", async () => {
  const { client, peers, store, visits, peer } = make();
  client.begin();
  client.look(true);
  client.wake();
  expect([peers.length, store.kept.size, visits.length]).toEqual([0, 0, 0]);
  client.send("  ciao  ");
  await peer().open();
  expect(peer().heard).toEqual([
    { t: "hello", token: "visit1", lang: "it" },
    { t: "resume", epoch: "", seq: 0, read: 0 },
  ]);
  peer().say({ t: "lines" });
  expect(peer().heard.at(-1)).toEqual({ t: "send", id: "u1", text: "ciao" });
  expect(store.kept.get("token")).toBe("visit1");
});

test("C-06 a reconnect resumes from the server's position, never from a computed one", async () => {
  const { client, peer, clock, store } = await resumed([["token", "kept"]]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 7, lines: [agentLine(3, "uno"), agentLine(5, "due")] });
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 7, lines: [agentLine(4, "tardi")] });
  expect(client.view().bubbles.map((b) => b.text)).toEqual(["uno", "tardi", "due"]);
  client.look(true);
  expect(store.kept.get("read")).toBe("c1 5");
  peer().onclose?.({ code: 1006 });
  clock.pass(500);
  await peer().open();
  expect(peer().heard).toEqual([
    { t: "hello", token: "kept", lang: "it" },
    { t: "resume", epoch: "c1", seq: 7, read: 5 },
  ]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 9, lines: [agentLine(9, "tre"), agentLine(5, "due")] });
  expect(client.view().bubbles.map((b) => b.text)).toEqual(["uno", "tardi", "due", "tre"]);
});

test("C-06 a snapshot replaces what was shown but not what is still to be sent", async () => {
  const { client, peer } = await resumed([["token", "kept"]]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 3, lines: [agentLine(3, "vecchio")] });
  client.send("mio");
  peer().say({ t: "lines", epoch: "c2", open: true, reset: true, upto: 1, lines: [agentLine(1, "nuovo")] });
  expect(client.view().bubbles.map((b) => b.text)).toEqual(["nuovo", "mio"]);
});

test("C-07 states of a bubble: sending, sent, delivered, read; never two bubbles for one message", async () => {
  const { client, peer } = await resumed();
  const states = () => client.view().bubbles.map((b) => b.state);
  expect(states()).toEqual(["sending"]);
  peer().say({ t: "ack", id: "u1", seq: 1, epoch: "c1" });
  expect(states()).toEqual(["sent"]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 1, lines: [{ seq: 1, id: "m1", client: "u1", from: "visitor", text: "ciao", at: 1 }] });
  expect(states()).toEqual(["delivered"]);
  peer().say({ t: "seen", epoch: "c1", seq: 1 });
  expect(states()).toEqual(["read"]);
});

test("C-10 lines are acknowledged when they come and read when they are seen", async () => {
  const { client, peer, events } = await resumed([["token", "kept"]]);
  client.look(false);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 3, lines: [agentLine(3, "uno")] });
  expect(peer().heard.at(-1)).toEqual({ t: "ack", seq: 3 });
  expect(client.view().unread).toBe(1);
  expect(events).toContain("unread:1");
  client.look(true);
  expect(peer().heard.at(-1)).toEqual({ t: "read", seq: 3 });
  expect(events.at(-1)).toBe("unread:0");
});

test("a returning visitor's number is not told before it is known", async () => {
  const { client, events, peer } = make([["token", "kept"]]);
  client.begin();
  await peer().open();
  client.look(false);
  expect(events).toEqual([]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 3, lines: [agentLine(3, "uno")] });
  expect(events).toContain("unread:1");
});

test("C-05 a heartbeat is answered with the position", async () => {
  const { peer } = await resumed([["token", "kept"]]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 3, lines: [] });
  peer().say({ t: "beat" });
  expect(peer().heard.at(-1)).toEqual({ t: "beat", seq: 3 });
});

test("C-09 typing is told every three seconds and shown for six", async () => {
  const { client, peer, clock } = await resumed([["token", "kept"]]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 1 });
  const before = peer().heard.length;
  client.typed();
  client.typed();
  clock.pass(3000);
  client.typed();
  expect(peer().kinds().slice(before)).toEqual(["typing", "typing"]);
  peer().say({ t: "typing", name: "Bea" });
  expect(client.view().typing).toBe("Bea");
  clock.pass(6000);
  expect(client.view().typing).toBe("");
});

test("the contact is asked for after the first message, corrected, kept, and not asked for again", async () => {
  const { client, peer, store } = await resumed();
  expect(client.view().contact).toBe("none");
  peer().say({ t: "ack", id: "u1", seq: 1, epoch: "c1" });
  expect(client.view().contact).toBe("ask");
  client.contact("x");
  expect(peer().heard.at(-1)).toEqual({ t: "contact", id: "x", phone: "x" });
  peer().say({ t: "error", code: "contact", id: "x" });
  expect(client.view().contact).toBe("bad");
  client.contact(" a@b.it ");
  expect(peer().heard.at(-1)).toEqual({ t: "contact", id: "a@b.it", email: "a@b.it" });
  peer().say({ t: "contact", id: "a@b.it" });
  expect([client.view().contact, store.kept.get("contact")]).toEqual(["done", "a@b.it"]);
  expect(make([["contact", ""]]).client.view().contact).toBe("done");
});

test("C-02 an identity token is shown on each connection, before anything is asked for", async () => {
  const { client, peer } = make([["token", "kept"]], { identity: "jwt" });
  client.begin();
  await peer().open();
  expect(peer().kinds()).toEqual(["hello", "identify", "resume"]);
});

test("C-02 a visit that belongs to somebody else is left, with all that was kept of it", async () => {
  const { client, peer, store, clock, visits } = make([
    ["token", "hers"],
    ["out:u9", '{"text":"hers","at":1}'],
  ]);
  client.begin();
  await peer().open();
  peer().say({ t: "error", code: "identify_first" });
  expect([...store.kept.keys()]).toEqual([]);
  expect(client.view().bubbles).toEqual([]);
  clock.pass(500);
  await peer().open();
  expect(visits).toEqual([""]);
  expect(peer().heard[0]).toEqual({ t: "hello", token: "visit1", lang: "it" });
});

test("C-02 another person on the same browser gets a new token and an empty view", async () => {
  const { client, peer, store } = await resumed([["token", "kept"]]);
  peer().say({ t: "lines", epoch: "c1", open: true, upto: 1, lines: [agentLine(1, "per un’altra")] });
  peer().say({ t: "visit", token: "mine", fresh: true });
  expect(client.view().bubbles).toEqual([]);
  expect([...store.kept]).toEqual([["token", "mine"]]);
});

test("C-03 where only known people may write, a stranger is told so", async () => {
  const { client, peer } = make([["token", "kept"]], { verifiedOnly: true });
  client.begin();
  await peer().open();
  peer().say({ t: "error", code: "identify_first" });
  expect([client.view().locked, client.view().link]).toEqual([true, "stopped"]);
});

test("an invalid token is replaced by a new visit", async () => {
  const { client, peer, store, clock, visits } = make([["token", "old"]]);
  client.begin();
  await peer().open();
  peer().say({ t: "error", code: "token" });
  expect(store.kept.has("token")).toBe(false);
  peer().onclose?.({ code: 4006 });
  clock.pass(500);
  await peer().open();
  expect(visits).toEqual([""]);
});

test("forgetting leaves nothing", async () => {
  const { client, peer, store } = await resumed();
  const line = peer();
  client.forget();
  expect([store.kept.size, client.view().bubbles.length, line.readyState]).toEqual([0, 0, 3]);
});
