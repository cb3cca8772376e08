// Says what became of a mail at one of its recipients, by what a mail server said. Pure.

import { keyFor, type Translate } from "../../i18n/translate";
import type { Report, ServerReport } from "../../wire/types";
import { bounceReason, told } from "./mail";

/** The kinds of problems that the page of deliveries tells apart. */
export const kinds = ["refused", "bounce", "complaint"] as const satisfies readonly ServerReport["kind"][];

/** "Not delivered: the mailbox does not exist". Where the status says nothing, the gateway's own code of the fault does. */
export function outcome(r: Report, t: Translate): string {
  const { tone, key } = told(r);
  if (tone === "arrived" || tone === "other" || r.action === "complaint") return t(key);
  const reason = bounceReason(r.status);
  const why = (reason === "unknown" && keyFor("fault", r.code ?? "")) || keyFor("bounce_reason", reason) || "bounce_reason.unknown";
  return t("report.because", { what: t(key), why: t(why) });
}

/** What the server said, for whoever looks after mail. */
export function technical(r: Report): string {
  const said = r.diagnostic ?? "";
  return [r.status && !said.includes(r.status) ? r.status : "", said].filter(Boolean).join(" · ");
}

const tones = ["failed", "late", "other", "arrived"] as const;

/** Those first who wait for an answer of somebody. */
export const worstFirst = (reports: readonly Report[]): Report[] =>
  [...reports].sort((a, b) => tones.indexOf(told(a).tone) - tones.indexOf(told(b).tone));

const most = 3;

/** The first of many; all when one more would be left. */
export const few = <T>(all: readonly T[]): readonly T[] => (all.length <= most + 1 ? all : all.slice(0, most));
