// The loader: draws the launcher on the host page and, once the visitor wants to talk, the frame that holds the application. Until then it
// makes no request, keeps nothing and opens no connection. It touches nothing of the host page but one element of its own.

import { type EventName, hello, type ToApp, type ToLoader } from "./bridge";
import { dark } from "./colour";
import { css, icons } from "./style";
import { localArea, Vault } from "./vault";
import { type LoaderWords, pick, wordsFor } from "./words";

export interface InitOptions {
  inbox: string;
  lang?: string;
  position?: "left" | "right";
  hideLauncher?: boolean;
  zIndex?: number;
  colour?: string;
}

export type Identity = string | (() => string | Promise<string>);

const accent = "#2b50d0";
const phone = "(max-width: 600px)";

export class Loader {
  private readonly host = document.createElement("div");
  private readonly button = document.createElement("button");
  private readonly badge = document.createElement("i");
  private readonly root: ShadowRoot;
  private readonly vault: Vault;
  private readonly words: LoaderWords;
  private readonly lang: string;
  private readonly narrow = matchMedia(phone);
  private readonly listeners = new Map<string, Set<(data?: unknown) => void>>();
  private frame: HTMLIFrameElement | undefined;
  private port: MessagePort | undefined;
  private waiting: ToApp[] = [];
  private identity: Identity | undefined;
  private opened = false;
  private unread = 0;
  private overflow = "";
  private wiped: (() => void) | undefined;

  /** base is where the application is served; the loader's own script comes from there. */
  constructor(
    private readonly base: string,
    private readonly opt: InitOptions,
  ) {
    this.lang = pick(opt.lang, document.documentElement.lang, navigator.languages);
    this.words = wordsFor(this.lang);
    this.vault = new Vault(opt.inbox, localArea());
    this.root = this.host.attachShadow({ mode: "closed" });
    this.draw();
    const idle = window.requestIdleCallback ?? setTimeout; // Safari has no idle callback
    idle(() => void this.ask());
  }

  open(): void {
    if (this.opened) return;
    this.opened = true;
    if (!this.frame) this.create();
    this.frame!.hidden = false;
    this.tell({ t: "open", full: this.narrow.matches });
    this.layout();
    this.label();
    this.frame!.focus();
    this.emit("open");
  }

  close(): void {
    if (!this.opened) return;
    this.opened = false;
    this.frame!.hidden = true;
    this.tell({ t: "close" });
    this.layout();
    this.label();
    this.button.focus({ preventScroll: true });
    this.emit("close");
  }

  toggle(): void {
    if (this.opened) this.close();
    else this.open();
  }

  compose(text: string): void {
    this.open();
    this.tell({ t: "compose", text: String(text) });
  }

  /** Says who the visitor is. A function is asked again for each connection, so that the token it returns is young. */
  identify(who: Identity): void {
    this.identity = who;
    if (this.frame) this.tell({ t: "identity" });
  }

  /** Forgets the visitor: view, connection and storage are empty when the promise resolves. */
  logout(): Promise<void> {
    this.identity = undefined;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(late);
        this.wiped = undefined;
        this.close();
        this.discard();
        this.vault.wipe();
        this.count(0);
        resolve();
      };
      const late = setTimeout(end, 2000); // an application that does not answer is thrown away all the same
      this.wiped = end;
      if (this.frame) this.tell({ t: "logout" });
      else end();
    });
  }

  on(name: string, fn: (data?: unknown) => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set.add(fn));
    return () => set.delete(fn);
  }

  show(visible: boolean): void {
    this.button.hidden = !visible;
  }

  destroy(): void {
    this.opened = false;
    this.layout();
    this.discard();
    this.host.remove();
    this.listeners.clear();
    this.narrow.removeEventListener("change", this.layout);
    visualViewport?.removeEventListener("resize", this.layout);
    visualViewport?.removeEventListener("scroll", this.layout);
  }

  private draw(): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet]; // no style attribute and no style element: nothing for the host's policy to allow
    if (this.opt.position === "left") this.host.dataset.side = "left";
    if (this.opt.zIndex) this.host.style.setProperty("--z", String(this.opt.zIndex));
    this.paint(this.opt.colour ?? accent);
    this.button.type = "button";
    this.button.innerHTML = icons;
    this.button.append(this.badge);
    this.badge.hidden = true;
    this.button.hidden = this.opt.hideLauncher === true;
    this.button.addEventListener("click", () => this.toggle());
    this.root.addEventListener("keydown", (e) => {
      if ((e as KeyboardEvent).key === "Escape") this.close();
    });
    this.label();
    this.root.append(this.button);
    this.narrow.addEventListener("change", this.layout);
    visualViewport?.addEventListener("resize", this.layout);
    visualViewport?.addEventListener("scroll", this.layout);
    document.body.append(this.host);
  }

  private create(): void {
    const f = document.createElement("iframe");
    f.title = this.words.title;
    f.setAttribute(
      "sandbox",
      "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads",
    );
    f.referrerPolicy = "no-referrer";
    f.src = `${this.base}/w/app/${encodeURIComponent(this.opt.inbox)}?lang=${encodeURIComponent(this.lang)}`;
    f.addEventListener("load", () => this.connect(f));
    this.frame = f;
    this.root.prepend(f);
  }

  /** Meets the application. A frame that navigates loads again and is met again. */
  private connect(f: HTMLIFrameElement): void {
    if (f !== this.frame) return;
    this.port?.close();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (e: MessageEvent<ToLoader>) => this.hear(e.data);
    this.port = port1;
    f.contentWindow?.postMessage(hello, this.base, [port2]);
    port1.postMessage({
      t: "init",
      inbox: this.opt.inbox,
      lang: this.lang,
      store: this.vault.all(),
      persistent: this.vault.persistent,
      identity: this.identity !== undefined,
    } satisfies ToApp);
    for (const m of this.waiting) port1.postMessage(m);
    this.waiting = [];
  }

  private tell(m: ToApp): void {
    if (this.port) this.port.postMessage(m);
    else this.waiting.push(m);
  }

  private hear(m: ToLoader): void {
    switch (m.t) {
      case "ready":
        if (!this.opt.colour) this.paint(m.colour);
        this.emit("ready");
        break;
      case "close":
        this.close();
        break;
      case "unread":
        this.count(m.n);
        break;
      case "put":
        this.vault.put(m.key, m.value);
        break;
      case "del":
        this.vault.del(m.key);
        break;
      case "wipe":
        this.vault.wipe();
        break;
      case "jwt?":
        void this.answerIdentity();
        break;
      case "event":
        this.emit(m.name, m.data);
        break;
      case "gone":
        this.wiped?.();
    }
  }

  private async answerIdentity(): Promise<void> {
    let jwt = "";
    try {
      jwt = (typeof this.identity === "function" ? await this.identity() : this.identity) ?? "";
    } catch (error) {
      this.emit("error", error);
    }
    this.tell({ t: "jwt", jwt: String(jwt) });
  }

  /**
   * For a returning visitor asks one small question, how many lines are unread, and not for the whole application. A host page
   * whose policy has no connect-src for us only goes without the number.
   */
  private async ask(): Promise<void> {
    const { token, read = "" } = this.vault.all();
    if (!token || this.frame) return;
    const [epoch = "", seq = "0"] = read.split(" ");
    try {
      const res = await fetch(`${this.base}/chat/${encodeURIComponent(this.opt.inbox)}/unread`, {
        method: "POST",
        credentials: "omit",
        body: JSON.stringify({ token, epoch, seq: Number(seq) || 0 }),
      });
      const answer = (await res.json()) as { unread?: number };
      if (!this.frame) this.count(answer.unread ?? 0); // else the application knows better
    } catch {
      // no number is shown, and nothing is lost
    }
  }

  private count(n: number): void {
    if (n === this.unread) return;
    this.unread = n;
    this.badge.hidden = n === 0;
    this.badge.textContent = n > 99 ? "99+" : String(n);
    this.label();
    this.emit("unread", n);
  }

  private label(): void {
    const what = this.opened ? this.words.close : this.words.open;
    this.button.setAttribute("aria-label", this.unread ? `${what}, ${this.words.unread(this.unread)}` : what);
    this.button.setAttribute("aria-expanded", String(this.opened));
    this.badge.setAttribute("aria-hidden", "true");
  }

  /** On a phone the open chat fills what the keyboard leaves, and the page behind it stands still. */
  private readonly layout = (): void => {
    const full = this.opened && this.narrow.matches;
    const was = this.host.hasAttribute("data-full");
    this.host.toggleAttribute("data-full", full);
    const page = document.documentElement.style;
    if (full && !was) {
      this.overflow = page.overflow;
      page.overflow = "hidden";
    } else if (!full && was) {
      page.overflow = this.overflow;
    }
    if (full && visualViewport) {
      this.host.style.setProperty("--top", `${visualViewport.offsetTop}px`);
      this.host.style.setProperty("--height", `${visualViewport.height}px`);
    }
  };

  private paint(solid: string): void {
    if (!/^#[0-9a-f]{6}$/i.test(solid)) return;
    this.host.style.setProperty("--solid", solid);
    this.host.style.setProperty("--on", dark(solid) ? "#fff" : "#000");
  }

  private discard(): void {
    this.port?.close();
    this.port = undefined;
    this.waiting = [];
    this.frame?.remove();
    this.frame = undefined;
  }

  private emit(name: EventName, data?: unknown): void {
    for (const fn of this.listeners.get(name) ?? []) {
      try {
        fn(data);
      } catch (error) {
        console.error(error); // the host page's own listener
      }
    }
  }
}
