// What an agent's chosen presence amounts to now. Pure.

import type { AgentState, Kind } from "../../wire/types";

export type Effective = "available" | "full" | "away" | "offline" | "unreachable";

/** The load of each channel that the agent works on, in the order in which channels are shown. */
export function loads(a: Pick<AgentState, "load" | "capacity">): { kind: Kind; load: number; capacity: number }[] {
  const kinds: Kind[] = ["chat", "email", "sms"];
  return kinds
    .map((kind) => ({ kind, load: a.load?.[kind] ?? 0, capacity: a.capacity?.[kind] ?? 0 }))
    .filter((l) => l.capacity > 0);
}

/** connected: whether the console's own connection stands, which for others is what the gateway says. */
export function effectivePresence(a: Pick<AgentState, "presence" | "load" | "capacity">, connected: boolean): Effective {
  if (a.presence !== "available") return a.presence;
  if (!connected) return "unreachable";
  const all = loads(a);
  return all.length > 0 && all.every((l) => l.load >= l.capacity) ? "full" : "available";
}
