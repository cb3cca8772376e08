// Says what a mail server reported of a recipient. Pure.

import { keyFor, type Translate } from "../../i18n/translate";
import type { Report } from "../../wire/types";
import { bounceReason } from "./mail";

/** "Not delivered: the mailbox does not exist", with a word of caution when it was read from a text instead of fields. */
export function recipientWords(r: Report, t: Translate): string {
  const what = t(keyFor("report", r.action ?? "") ?? "report.other");
  const why = r.action === "failed" || r.action === "delayed" ? keyFor("bounce_reason", bounceReason(r.status)) : null;
  return [why ? t("report.because", { what, why: t(why) }) : what, r.guessed ? t("report.guessed") : ""].filter(Boolean).join(" · ");
}

/** What the server said, for whoever looks after mail. */
export function technical(r: Report): string {
  const said = r.diagnostic ?? "";
  return [r.status && !said.includes(r.status) ? r.status : "", said].filter(Boolean).join(" · ");
}
