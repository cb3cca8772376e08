// What a person sets for this device: theme, density, language, single-letter keys, sounds, widths of the panels.

import { locale, setLocale, type Locale } from "../../i18n/index.svelte";

export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

interface Saved {
  theme: Theme;
  density: Density;
  locale: Locale | "";
  letters: boolean;
  muted: boolean;
  list: number;
  context: number;
  pictures: string[]; // addresses whose remote pictures are always shown, oldest first
  agent: string; // who chose those
}

const key = "sportello.settings";
const initial: Saved = { theme: "system", density: "comfortable", locale: "", letters: true, muted: false, list: 320, context: 340, pictures: [], agent: "" };

export class Settings {
  dark = $state(false);
  private values = $state<Saved>({ ...initial });

  constructor(private readonly store: Pick<Storage, "getItem" | "setItem">) {
    try {
      this.values = { ...initial, ...(JSON.parse(store.getItem(key) ?? "{}") as Partial<Saved>) };
    } catch {
      this.values = { ...initial };
    }
    this.show();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
  }

  get all(): Readonly<Saved> {
    return this.values;
  }

  set(change: Partial<Saved>): void {
    this.values = { ...this.values, ...change };
    try {
      this.store.setItem(key, JSON.stringify(this.values));
    } catch {
      // it holds until the page is closed
    }
    this.show();
  }

  /** Says who works here now. Another agent does not take over which senders were trusted. */
  of(agent: string): void {
    if (this.values.agent !== agent) this.set({ agent, pictures: [] });
  }

  /** Whether a sender's remote pictures are shown without asking. */
  shows(address: string): boolean {
    return this.values.pictures.includes(address.toLowerCase());
  }

  showPictures(address: string, always: boolean): void {
    const others = this.values.pictures.filter((a) => a !== address.toLowerCase());
    this.set({ pictures: always ? [...others, address.toLowerCase()].slice(-500) : others });
  }

  /** The language to begin with, unless the person has chosen one. */
  suggest(l: Locale): void {
    if (this.values.locale === "" && l !== locale()) setLocale(l);
  }

  private show(): void {
    const { theme, density } = this.values;
    this.dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = this.dark ? "dark" : "light";
    document.documentElement.dataset.density = density;
    if (this.values.locale) setLocale(this.values.locale);
  }
}
