import { describe, expect, test, vi } from "vitest";
import type { Api } from "../../wire/api";
import { Desk } from "./desk.svelte";
import { Drafts } from "./drafts";
import { changed, conversation, entry, item, message, thread } from "./fixtures";
import { memory } from "./memory";

function desk(): Desk {
  const answers: Record<string, unknown> = { "/api/conversations/c1": thread([item(1)]) };
  const api: Api = { get: async (path) => answers[path] as never, head: vi.fn(), send: vi.fn(), upload: vi.fn() };
  return new Desk(api, new Drafts(memory(), "anna"));
}

describe("the desk", () => {
  test("news for what is kept is taken in once and ends", async () => {
    const d = desk();
    await d.open("c1");
    const c = conversation({ id: "c1", state: "assigned", assignee: "anna", last_seq: 2 });
    d.entries([entry(11, "message.noted", changed(c, { message: message({ id: "m2", seq: 2, direction: "note" }) }, "message.noted"))]);
    expect(d.opened?.items.map((i) => i.message?.id)).toEqual(["m1", "m2"]);
  });

  test("what was opened before is shown at once", async () => {
    const d = desk();
    await d.open("c1");
    await d.open("");
    expect(d.opened).toBeNull();
    const again = d.open("c1");
    expect(d.opened?.conversation?.id).toBe("c1");
    await again;
  });
});
