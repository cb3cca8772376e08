import "fake-indexeddb/auto";
import { describe, expect, test } from "vitest";
import { message } from "./fixtures";
import { Outbox, type Item, type Outcome, type Shelf } from "./outbox";
import { openShelf } from "./shelf";

const done = (i: Item): Outcome => ({ t: "done", message: message({ id: `m-${i.client_id}`, seq: 9, text: i.text }) });

interface Rig {
  box: Outbox;
  posts: Item[];
  items(): readonly Item[];
  delivered: string[];
  stopped: Item[];
  timers: (() => void)[];
}

function rig(shelf: Shelf, answer: (i: Item, attempt: number) => Promise<Outcome> | Outcome, agent = "anna"): Rig {
  let items: readonly Item[] = [];
  const r: Omit<Rig, "box"> = { posts: [], items: () => items, delivered: [], stopped: [], timers: [] };
  const box = new Outbox({
    agent,
    shelf,
    post: async (i) => answer(i, r.posts.push(i)),
    now: () => 1000,
    changed: (all) => (items = all),
    done: (i) => r.delivered.push(i.text),
    stopped: (i) => r.stopped.push(i),
    later: (fn) => r.timers.push(fn),
  });
  return { ...r, box, items: () => items };
}

let databases = 0;
const shelf = () => openShelf(indexedDB, `test-${++databases}`);
const reply = (client_id: string, text: string, conversation = "c1") => ({ client_id, conversation, mode: "reply" as const, text, kind: "" as const, seen_seq: 3 });
const settled = async (until: () => boolean) => {
  for (let i = 0; i < 200 && !until(); i++) await new Promise((r) => setTimeout(r, 1));
  expect(until()).toBe(true);
};

describe("the outbox", () => {
  test("C07: a lost answer is asked for again under the same id", async () => {
    const r = rig(await shelf(), (i, n) => (n < 3 ? { t: "again", after: 0 } : done(i)));
    await r.box.add(reply("id1", "hello"));
    for (let i = 0; i < 2; i++) {
      await settled(() => r.timers.length > 0);
      r.timers.shift()?.();
    }
    await settled(() => r.items().length === 0);
    expect(r.posts.map((p) => p.client_id)).toEqual(["id1", "id1", "id1"]);
    expect(r.delivered).toEqual(["hello"]);
  });

  test("C08: offline keeps the order, and a reload keeps the queue", async () => {
    const kept = await shelf();
    const before = rig(kept, done);
    before.box.setOnline(false);
    for (const t of ["one", "two", "three"]) await before.box.add(reply(t, t));
    expect(before.posts).toEqual([]);

    const after = rig(kept, done);
    await after.box.load();
    await settled(() => after.items().length === 0);
    expect(after.delivered).toEqual(["one", "two", "three"]);
    expect(await kept.load("anna")).toEqual([]);
  });

  test("what was being sent when the page died is sent again under its id", async () => {
    const kept = await shelf();
    const first = rig(kept, () => new Promise<Outcome>(() => undefined));
    await first.box.add(reply("id1", "hello"));
    await settled(() => first.posts.length === 1);
    const second = rig(kept, done);
    await second.box.load();
    await settled(() => second.items().length === 0);
    expect(second.posts[0]?.client_id).toBe("id1");
  });

  test("C09: a refused message stays, with its reason, in its own conversation; others go on", async () => {
    const r = rig(await shelf(), (i) => (i.text === "bad" ? { t: "refused", code: "consent_withdrawn", verdict: null } : done(i)));
    await r.box.add(reply("id1", "bad"));
    await r.box.add(reply("id2", "good", "c2"));
    await settled(() => r.items().length === 1 && r.items()[0]?.state === "failed");
    expect(r.items()[0]).toMatchObject({ conversation: "c1", text: "bad", code: "consent_withdrawn" });
    expect(r.stopped.map((i) => i.client_id)).toEqual(["id1"]);
  });

  test("C14: a held reply waits for the agent's word; replies behind it wait too, notes do not", async () => {
    const heldBack: Outcome = { t: "held", held: { reason: "colleague_wrote", messages: [message({ id: "m8", seq: 8 })] } };
    const r = rig(await shelf(), (i) => (i.text === "held" && !i.force ? heldBack : done(i)));
    await r.box.add(reply("id1", "held"));
    await settled(() => r.items()[0]?.state === "held");
    await r.box.add(reply("id2", "behind"));
    await r.box.add({ ...reply("id3", "note"), mode: "note" });
    await settled(() => r.delivered.includes("note"));
    expect(r.delivered).toEqual(["note"]);
    r.box.force("id1", "id1b", 8);
    await settled(() => r.items().length === 0);
    expect(r.delivered).toEqual(["note", "held", "behind"]);
    expect(r.posts.find((p) => p.force)).toMatchObject({ client_id: "id1b", seen_seq: 8 });
  });

  test("another agent on this device does not send what is not his", async () => {
    const kept = await shelf();
    const mine = rig(kept, done);
    mine.box.setOnline(false);
    await mine.box.add(reply("id1", "mine"));
    const other = rig(kept, done, "marco");
    await other.box.load();
    expect(other.items()).toEqual([]);
  });

  test("what is being sent cannot be discarded", async () => {
    const r = rig(await shelf(), () => new Promise<Outcome>(() => undefined));
    await r.box.add(reply("id1", "hello"));
    await settled(() => r.items()[0]?.state === "sending");
    expect(r.box.discard("id1")).toBeNull();
  });
});
