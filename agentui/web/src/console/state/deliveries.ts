// Says what a mail server reported of a recipient. Pure.

import { keyFor, type Translate } from "../../i18n/translate";
import type { Report } from "../../wire/types";

/** "Not delivered · 5.1.1", with a word of caution when it was read from a text instead of fields. */
export function recipientWords(r: Report, t: Translate): string {
  const key = keyFor("report", r.action ?? "");
  return [t(key ?? "report.other"), r.status, r.guessed ? t("report.guessed") : ""].filter(Boolean).join(" · ");
}
