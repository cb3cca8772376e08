import { describe, expect, test } from "vitest";
import type { Api } from "../../wire/api";
import type { Envelope } from "../../wire/types";
import { Desk } from "./desk.svelte";
import { Drafts } from "./drafts";
import { add } from "./mailing";
import { memory } from "./memory";

const usual = { kind: "email", value: "mara@clienti.test" } as const;
const envelope: Envelope = { to: [usual], cc: [], subject: "Re: Ordine", known: [usual.value] };

/** A desk whose uploads end when told to; files whose name begins with "bad" are refused. */
function desk(envelopes: Envelope[], store = memory()) {
  const started: (() => void)[] = [];
  const api: Api = {
    get: async () => envelopes.shift() as never,
    head: async () => "",
    send: async () => null as never,
    upload: (_, name) =>
      new Promise((done, fail) => {
        started.push(() => (name.startsWith("bad") ? fail(new Error(name)) : done({ blob: name, name, type: "text/plain", size: 1 } as never)));
      }),
  };
  return { desk: new Desk(api, new Drafts(store, "anna")), started };
}

describe("a letter", () => {
  test("files that are on their way when one leaves are there when one comes back, and nowhere else", async () => {
    const { desk: d, started } = desk([envelope, envelope]);
    await d.letter("c1").ask();
    await d.letter("c2").ask();
    const refused: unknown[] = [];
    const sent = d.letter("c1").attach([new File(["1"], "one"), new File(["2"], "bad"), new File(["3"], "one")], (e) => refused.push(e));
    expect(d.letter("c1").pending).toEqual(["one"]);
    expect(d.letter("c1").obstacle).not.toBe("");
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => started.length).toBe(i + 1);
      started[i]?.();
    }
    await sent;
    expect(d.letter("c1").mailing?.files.map((f) => f.name)).toEqual(["one", "one"]);
    expect(d.letter("c1").pending).toEqual([]);
    expect(d.letter("c1").obstacle).toBe("");
    expect(refused).toHaveLength(1);
    expect(d.letter("c2").mailing?.files).toEqual([]);
    d.letter("c1").detach(0);
    expect(d.letter("c1").mailing?.files).toHaveLength(1);
  });

  test("what one has chosen stays when the envelope is asked for anew, and counts before that", async () => {
    const { desk: d } = desk([envelope, { ...envelope, subject: "Re: Un altro" }]);
    const l = d.letter("c1");
    expect([l.obstacle, l.chosen(usual.value), l.receivers(usual.value)]).toEqual(["", {}, usual.value]);
    await l.ask();
    l.change(add(l.mailing!, "cc", ["nuovo@altrove.test"]));
    expect(l.obstacle).not.toBe("");
    expect(l.receivers(usual.value)).toBe("mara@clienti.test +1");
    const again = d.letter("c1").ask();
    expect(d.letter("c1").chosen(usual.value)).toMatchObject({ cc: ["nuovo@altrove.test"] });
    await again;
    expect(l.mailing).toMatchObject({ cc: ["nuovo@altrove.test"], subject: "Re: Un altro" });
    l.restart();
    expect(l.mailing?.cc).toEqual([]);
  });

  test("REQ-OUT2 what one has chosen outlives the page, in its own conversation, until it is sent", async () => {
    const store = memory();
    const { desk: before } = desk([envelope, envelope], store);
    await before.letter("c1").ask();
    await before.letter("c2").ask();
    before.letter("c1").change({ ...add(before.letter("c1").mailing!, "bcc", ["capo@clienti.test"]), subject: "Altro" }, { to: "mezzo ind", cc: "", bcc: "" });
    const { desk: after } = desk([{ ...envelope, to: [{ ...usual, value: "nuova@clienti.test" }] }, envelope], store);
    const l = after.letter("c1");
    expect([l.mailing?.bcc, l.mailing?.subject, l.typed.to, l.obstacle]).toEqual([["capo@clienti.test"], "Altro", "mezzo ind", "address"]);
    await l.ask();
    expect([l.mailing?.to, l.mailing?.bcc, l.mailing?.subject]).toEqual([["nuova@clienti.test"], ["capo@clienti.test"], "Altro"]);
    expect(after.letter("c2").mailing).toBeNull();
    l.restart();
    expect(desk([], store).desk.letter("c1").mailing).toBeNull();
    store.setItem("sportello.draft.anna.c1.mail", "{");
    expect(desk([], store).desk.letter("c1").mailing).toBeNull();
  });

  test("a mail that is taken back has its recipients again, unless the next one was begun", async () => {
    const { desk: d } = desk([envelope]);
    const l = d.letter("c1");
    await l.ask();
    l.change(add(l.mailing!, "cc", ["capo@clienti.test"]));
    const sent = l.chosen(usual.value);
    l.restart();
    l.resume(sent);
    expect(l.mailing?.cc).toEqual(["capo@clienti.test"]);
    l.restart();
    l.change({ ...l.mailing!, subject: "Il prossimo" });
    l.resume(sent);
    expect(l.mailing?.cc).toEqual([]);
  });

  test("says why it cannot leave", async () => {
    const { desk: d } = desk([envelope]);
    const l = d.letter("c1");
    await l.ask();
    l.change({ ...l.mailing!, to: [] });
    expect(l.obstacle).toBe("nobody");
    l.change(add(l.mailing!, "to", ["nuovo@altrove.test"]));
    expect(l.obstacle).toBe("stranger");
    l.change(l.mailing!, { to: "", cc: "non un indirizzo", bcc: "" });
    expect(l.obstacle).toBe("address");
  });
});
