// The few words that the loader itself says.

export interface LoaderWords {
  open: string;
  close: string;
  title: string;
  unread(n: number): string;
}

const words: Record<"it" | "en", LoaderWords> = {
  it: {
    open: "Apri la chat",
    close: "Chiudi la chat",
    title: "Chat",
    unread: (n) => (n === 1 ? "1 messaggio non letto" : `${n} messaggi non letti`),
  },
  en: {
    open: "Open chat",
    close: "Close chat",
    title: "Chat",
    unread: (n) => (n === 1 ? "1 unread message" : `${n} unread messages`),
  },
};

/** The language to speak: what was asked for, else the page's, else the browser's, else Italian. */
export function pick(asked: string | undefined, page: string, browser: readonly string[]): string {
  const all = asked && asked !== "auto" ? [asked, page, ...browser] : [page, ...browser];
  for (const tag of all) {
    const lang = tag.toLowerCase().split("-")[0];
    if (lang === "it" || lang === "en") return tag;
  }
  return "it";
}

export function wordsFor(lang: string): LoaderWords {
  return lang.toLowerCase().startsWith("en") ? words.en : words.it;
}
