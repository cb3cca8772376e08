// Which accounts a person must be told of.

import type { ChannelHealth } from "../../wire/types";

/** How long an account may fail before anybody is told: most failures are over by then. */
export const patience = 5 * 60_000;

/** The accounts that fail for longer than that by the server's time `now`, and those that hold messages back. */
export function troubled(all: readonly ChannelHealth[], now: number): readonly ChannelHealth[] {
  return all.filter((h) => (h.held ?? 0) > 0 || fails(h, now));
}

/** Whether an account fails for longer than is usual. */
export function fails(h: ChannelHealth, now: number): boolean {
  return !h.ok && h.since !== undefined && now - Date.parse(h.since) >= patience;
}
