// Says what a routing event was, in a few words. Pure.

import { keyFor, type Key, type Translate } from "../../i18n/translate";
import type { TimelineItem } from "../../wire/types";
import { channel } from "./reach";

export interface EventNames {
  queue(id: string): string;
  agent(id: string): string;
}

/** The event in a few words: "Passata a Fatturazione da Marta". */
export function eventText(item: TimelineItem, t: Translate, names: EventNames): string {
  const change = item.change;
  const c = change?.conversation;
  const [kind = "", id = ""] = item.actor.split(":");
  const actor = item.actor_name || (kind === "agent" ? names.agent(id) : "");
  const agentID = change?.decision?.agent ?? c?.assignee ?? "";
  const agent = change?.decision?.agent_name || (agentID ? names.agent(agentID) : "");
  const queue = c?.queue ? names.queue(c.queue) : "";
  const reason = codeWords("reason", change?.reason, t);
  const because = reason ? t("event.because", { reason }) : "";
  switch (item.type) {
    case "conversation.opened":
      return t("event.opened", { number: c?.number ?? item.number ?? 0, channel: channel(c?.kind ?? "", t) });
    case "conversation.queued":
      return t("event.queued", { queue }) + because;
    case "conversation.offered":
      return t("event.offered", { agent });
    case "conversation.offer_end":
      return t("event.offer_end", { agent: agent || actor }) + because;
    case "conversation.unmatched":
      return t("event.unmatched");
    case "conversation.assigned":
      return t(change?.decision?.reason === "taken" ? "event.taken" : "event.assigned", { agent: agent || actor });
    case "conversation.transferred":
      return t(actor ? "event.transferred_by" : "event.transferred", { to: c?.assignee ? names.agent(c.assignee) : queue, actor });
    case "conversation.closed":
      return t(actor ? "event.closed_by" : "event.closed", {
        actor,
        disposition: codeWords("disposition", change?.disposition ?? c?.disposition, t) || t("disposition.other"),
      });
    case "conversation.reopened":
      return t("event.reopened") + because;
    case "conversation.linked":
      return t("event.linked", { name: c?.customer_name ?? "" });
    case "automatic.stopped": {
      const address = change?.detail ?? "";
      if (change?.reason === "released") return t("event.auto_released", { actor, address });
      return t("event.auto_stopped", { address, reason: codeWords("stop", change?.reason, t) });
    }
    case "message.marked":
      return t(change?.marked?.stopped ? "event.answered_stops" : "event.answered_elsewhere");
    case "conversation.branched":
      return t("event.branched", { actor, number: change?.related?.number ?? 0 });
    case "conversation.merged":
      return t("event.merged", { actor, from: item.number ?? 0, into: change?.related?.number ?? 0 });
    case "conversation.joined":
      return t("event.merged", { actor, from: change?.related?.number ?? 0, into: item.number ?? 0 });
    case "conversation.split":
      return t("event.split", { actor, from: item.number ?? 0, into: change?.related?.number ?? 0 });
    case "conversation.parted":
      return t("event.split", { actor, from: change?.related?.number ?? 0, into: item.number ?? 0 });
    case "customer.changed":
      return t("event.customer_changed");
    default:
      return item.type;
  }
}

function codeWords(prefix: string, code: string | undefined, t: Translate): string {
  if (!code) return "";
  const key: Key | null = keyFor(prefix, code);
  return key ? t(key) : "";
}
