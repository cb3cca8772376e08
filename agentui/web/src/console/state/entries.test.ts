import { describe, expect, test } from "vitest";
import { absorb, advance, apply, start } from "./entries";
import { agent, changed, conversation, entry, work } from "./fixtures";

describe("the inbox", () => {
  test("an entry is applied once, in order, and only of the same epoch", () => {
    const c = conversation({ id: "c1", state: "waiting", queue: "sales", last_seq: 2 });
    let inbox = start(work({ waiting: [c] }));
    const mine = entry(11, "conversation.assigned", changed({ ...c, state: "assigned", assignee: "anna", last_seq: 3 }));
    inbox = apply(inbox, [mine]);
    expect(inbox.conversations.get("c1")?.assignee).toBe("anna");
    expect(inbox.position.offset).toBe(11);
    expect(apply(inbox, [mine])).toBe(inbox);
    expect(apply(inbox, [{ ...entry(12, "conversation.closed", changed({ ...c, state: "closed", last_seq: 4 })), epoch: "other" }])).toBe(inbox);
  });

  test("a conversation is never replaced by an older form of itself", () => {
    const c = conversation({ id: "c1", assignee: "anna", state: "assigned", last_seq: 9, preview: "new" });
    const inbox = start(work({ mine: [c] }));
    expect(absorb(inbox, [{ ...c, last_seq: 8, preview: "old" }])).toBe(inbox);
  });

  test("an answer that comes late does not bring back what has left", () => {
    const c = conversation({ id: "c1", assignee: "anna", state: "assigned", last_seq: 5 });
    let inbox = start(work({ mine: [c] }));
    inbox = apply(inbox, [entry(11, "conversation.closed", changed({ ...c, state: "closed", last_seq: 7 }))]);
    expect(inbox.conversations.has("c1")).toBe(false);
    expect(absorb(inbox, [{ ...c, last_seq: 6 }]).conversations.has("c1")).toBe(false);
  });

  test("what waits in a queue that I do not serve is not mine to see", () => {
    const inbox = apply(start(work({})), [entry(11, "conversation.queued", changed(conversation({ id: "c2", state: "waiting", queue: "legal" })))]);
    expect(inbox.conversations.size).toBe(0);
  });

  test("an offer comes for its agent and goes with its end", () => {
    const c = conversation({ id: "c1", state: "waiting", queue: "sales" });
    const offer = { id: "o1", conversation: c, agent: "anna", made_at: c.created_at, expires: c.created_at };
    let inbox = apply(start(work({})), [entry(11, "offer.made", offer)]);
    expect(inbox.offer?.id).toBe("o1");
    inbox = apply(inbox, [entry(12, "offer.ended", { offer: "o1", conversation: "c1", agent: "anna", how: "expired" })]);
    expect(inbox.offer).toBeNull();
    expect(inbox.ended?.how).toBe("expired");
    expect(apply(inbox, [entry(13, "offer.made", { ...offer, agent: "marco" })]).offer).toBeNull();
  });

  test("a colleague's state is kept by name, one's own also as me", () => {
    const inbox = apply(start(work({})), [
      entry(11, "agent.state", agent("marco", { presence: "away" })),
      entry(12, "agent.state", agent("anna", { presence: "away" })),
    ]);
    expect(inbox.agents.get("marco")?.presence).toBe("away");
    expect(inbox.me.presence).toBe("away");
  });

  test("a ping moves the position on, never back", () => {
    const inbox = start(work({}));
    expect(advance(inbox, 40).position.offset).toBe(40);
    expect(advance(inbox, 3)).toBe(inbox);
  });
});
