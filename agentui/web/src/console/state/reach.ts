// Says in one sentence which channel a reply will take and why (console.md 2.6), from the gateway's verdict. Pure.

import { keyFor, type Translate } from "../../i18n/translate";
import type { Kind, ReachCode, ReachOption, Verdict } from "../../wire/types";
import { spoken } from "./decision";

export interface Words {
  t: Translate;
  now: number; // the server's clock
  name: string; // the customer's
  time(iso: string): string;
}

/** The option that a reply would take: the one the agent chose, or else the gateway's. When none can be used now, one that can be used
 * later will do: the gateway keeps the message until then. */
export function effective(v: Verdict, chosen: Kind | ""): ReachOption | null {
  if (chosen) return v.options.find((o) => o.kind === chosen) ?? null;
  return v.options[v.chosen] ?? v.options.find(later) ?? null;
}

/** Whether a reply by this option is taken by the gateway, to be sent now or later. */
export function sendable(o: ReachOption): boolean {
  return o.usable || later(o);
}

function later(o: ReachOption): boolean {
  return !o.usable && Boolean(o.address) && (o.codes?.[0] === "quiet_hours" || o.codes?.[0] === "provider_down");
}

/** The line above the text field. */
export function line(v: Verdict, chosen: Kind | "", w: Words): string {
  const option = effective(v, chosen);
  const preferred = v.options.find((o) => o.preferred);
  if (!option) return w.t("reach.no_channel", { why: refusals(v, w) });
  if (!option.usable) return sentence(option, w);
  if (preferred && preferred !== option && !preferred.usable) {
    return w.t("reach.preferred_other", {
      name: w.name,
      preferred: channel(preferred.kind, w.t),
      why: lower(sentence(preferred, w)),
      channel: channel(option.kind, w.t),
    });
  }
  if (preferred && preferred !== option) {
    const wish = w.t("reach.not_preferred", { name: w.name, preferred: channel(preferred.kind, w.t) });
    return chosen ? wish : `${sentence(option, w)} ${wish}`; // what the gateway chose has a reason; what the agent chose is his
  }
  return sentence(option, w);
}

/** Why an option may be used or not, for the channel menu: the deciding reason, and whatever else must be known. */
export function sentence(o: ReachOption, w: Words): string {
  const codes = o.codes ?? [];
  const said = codes.slice(0, 1).concat(codes.slice(1).filter((c) => c === "unverified_address" || c === "visitor_left"));
  return said.map((c) => part(c, o, w)).join(" ") || w.t("reach.available");
}

/** The channel's name within a sentence: "email", "SMS", "chat". */
export function channel(kind: string, t: Translate): string {
  const key = keyFor("channel", kind);
  return key ? t(key) : kind;
}

function part(code: ReachCode, o: ReachOption, w: Words): string {
  const ago = o.at ? spoken(Math.max(0, Math.floor((w.now - Date.parse(o.at)) / 1000)), w.t) : "";
  const vars = {
    name: w.name,
    channel: channel(o.kind, w.t),
    ago,
    at: o.at ? w.time(o.at) : "",
    until: o.until ? w.time(o.until) : "",
    detail: o.detail ?? "",
  };
  // The same without the time that the gateway does not know.
  const bare = !o.at && !o.until ? keyFor("reach", `${code}_bare`) : null;
  const key = bare ?? keyFor("reach", code);
  return key ? w.t(key, vars) : "";
}

function refusals(v: Verdict, w: Words): string {
  return v.options
    .filter((o) => o.codes?.[0] !== "no_account" && o.codes?.[0] !== "no_address")
    .map((o) => sentence(o, w))
    .join(" ");
}

function lower(s: string): string {
  return s.charAt(0).toLowerCase() + s.slice(1).replace(/\.$/, "");
}
