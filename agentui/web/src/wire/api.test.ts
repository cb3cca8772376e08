import { afterEach, expect, test, vi } from "vitest";
import { api } from "./api";

const http = api(
  () => "token",
  () => undefined,
);
const answers = (body: BodyInit, status = 200) => vi.stubGlobal("fetch", async () => new Response(body, { status }));

afterEach(() => vi.unstubAllGlobals());

test("the head of a raw mail is read to its end, and the rest of the mail is not asked for", async () => {
  let pulled = 0;
  const pieces = ["From: a@b.it\r\nSubj", "ect: perch\u00e9\r\n\r", "\nbody", "never"];
  answers(
    new ReadableStream({
      pull(to) {
        const piece = pieces[pulled++];
        if (piece === undefined) to.close();
        else to.enqueue(new TextEncoder().encode(piece));
      },
    }) as unknown as BodyInit,
  );
  expect(await http.head("/raw")).toBe("From: a@b.it\r\nSubject: perch\u00e9");
  expect(pulled).toBeLessThanOrEqual(4);
});

test("a head without an end is cut, and an empty mail has none", async () => {
  answers("x".repeat(300_000));
  expect(await http.head("/raw")).toHaveLength(256 * 1024);
  answers("\n\nbody");
  expect(await http.head("/raw")).toBe("");
  answers("Subject: only");
  expect(await http.head("/raw")).toBe("Subject: only");
});

test("a mail that is not given out says why", async () => {
  answers('{"code":"file_held"}', 403);
  await expect(http.head("/raw")).rejects.toMatchObject({ status: 403, code: "file_held" });
});
