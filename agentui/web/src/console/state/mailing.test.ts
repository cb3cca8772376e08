import { describe, expect, test } from "vitest";
import type { Envelope } from "../../wire/types";
import { add, address, addresses, begin, chosen, confirm, follow, offered, remove, strangers } from "./mailing";

const at = (value: string) => ({ kind: "email" as const, value });
const envelope: Envelope = { to: [at("anna@x.it")], cc: [at("capo@x.it")], subject: "Re: Ordine", known: ["anna@x.it", "capo@x.it"] };

describe("a reply by mail", () => {
  test("REQ-OUT2: a stranger must be confirmed, each by himself, and not again after he was removed", () => {
    let m = add(add(begin(envelope), "cc", ["capo@x.it", "altro@y.it"]), "bcc", ["terzo@y.it"]);
    expect(strangers(m, envelope.known)).toEqual(["altro@y.it", "terzo@y.it"]);
    m = confirm(m, "altro@y.it");
    expect(strangers(m, envelope.known)).toEqual(["terzo@y.it"]);
    m = add(remove(m, "cc", "altro@y.it"), "to", ["altro@y.it"]);
    expect(strangers(m, envelope.known)).toEqual(["altro@y.it", "terzo@y.it"]);
  });

  test("nobody gets it twice, and those copied by the customer are offered, not taken", () => {
    const m = begin(envelope);
    expect(m.cc).toEqual([]);
    expect(offered(m, envelope.cc).map((a) => a.value)).toEqual(["capo@x.it"]);
    const more = add(m, "cc", ["anna@x.it", "capo@x.it", "capo@x.it"]);
    expect(more.cc).toEqual(["capo@x.it"]);
    expect(offered(more, envelope.cc)).toEqual([]);
  });

  test("only what differs is said", () => {
    const m = begin(envelope);
    expect(chosen(m, envelope, "anna@x.it")).toEqual({});
    expect(chosen(m, envelope, "anna@altrove.it")).toMatchObject({ to: ["anna@x.it"] });
    expect(chosen({ ...m, subject: "Nuovo" }, envelope, "anna@x.it")).toEqual({ subject: "Nuovo" });
    expect(chosen({ ...m, subject: "  " }, envelope, "anna@x.it")).toEqual({});
    expect(chosen(add(m, "bcc", ["b@x.it"]), envelope, "anna@x.it")).toMatchObject({ to: ["anna@x.it"], bcc: ["b@x.it"] });
  });

  test("what is typed becomes addresses", () => {
    expect(addresses("Anna <Anna@X.it>; b@y.it, no\nc@z.example.org")).toEqual({ good: ["anna@x.it", "b@y.it", "c@z.example.org"], bad: "no" });
    for (const bad of ["", "a", "a@b", "a@b.", "a b@c.it", "a@@c.it", "<>", `${"x".repeat(260)}@c.it`]) expect(address(bad)).toBeNull();
  });

  test("a new mail of the customer changes what was not touched", () => {
    const now: Envelope = { ...envelope, to: [at("anna@nuova.it")], subject: "Re: Altro" };
    expect(follow(begin(envelope), envelope, now)).toMatchObject({ to: ["anna@nuova.it"], subject: "Re: Altro" });
    const touched = { ...add(begin(envelope), "to", ["b@x.it"]), subject: "Mio" };
    expect(follow(touched, envelope, now)).toMatchObject({ to: ["anna@x.it", "b@x.it"], subject: "Mio" });
  });
});
