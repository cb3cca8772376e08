import { expect, test } from "vitest";
import type { ChannelHealth } from "../../wire/types";
import { troubled } from "./accounts";

const now = Date.parse("2026-11-21T12:00:00Z");
const health = (h: Partial<ChannelHealth>): ChannelHealth => ({ account: "support", kind: "email", ok: true, code: "ok", lag: 0, ...h });

test("an account is told of when it has failed for five minutes, or holds messages back", () => {
  expect(troubled([health({})], now)).toEqual([]);
  expect(troubled([health({ ok: false, code: "network", since: "2026-11-21T11:56:00Z" })], now)).toEqual([]);
  expect(troubled([health({ ok: false, code: "network", since: "2026-11-21T11:55:00Z" })], now)).toHaveLength(1);
  expect(troubled([health({ held: 1 })], now)).toHaveLength(1);
});
