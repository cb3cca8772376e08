// What the components show. The client replaces the view at each change; nothing here is a deep proxy.

import type { Client, View } from "./client";
import type { Config } from "./config";
import { languages, type Words } from "./words";

const empty: View = {
  link: "idle",
  bubbles: [],
  typing: "",
  open: false,
  unread: 0,
  contact: "none",
  address: "",
  locked: false,
};

export class Screen {
  view = $state.raw(empty);
  /** Whether the host page shows the frame. */
  open = $state(true);
  /** Whether it covers the whole page. */
  full = $state(false);
  draft = $state("");
  client: Client | undefined;
  words: Words = languages.it;
  lang = "it";
  persistent = true;

  constructor(
    readonly config: Config | undefined,
    readonly close: () => void,
  ) {}

  begin(lang: string, words: Words, persistent: boolean): void {
    this.lang = lang;
    this.words = words;
    this.persistent = persistent;
  }

  show(view: View): void {
    this.view = view;
  }

  /** The brand's greeting in the visitor's language, else in the inbox's own, else ours. */
  get welcome(): string {
    const by = this.config?.welcome ?? {};
    return by[this.lang] ?? by[this.lang.split("-")[0] ?? ""] ?? by[this.config?.locale ?? ""] ?? this.words.welcome;
  }
}
