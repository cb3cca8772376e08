// The application inside the frame. It does nothing until the loader on the host page has met it from an origin that this chat allows.

import { mount } from "svelte";
import { hello, type ToApp, type ToLoader } from "../loader/bridge";
import { dark } from "../loader/colour";
import App from "./App.svelte";
import { Client } from "./client";
import type { Config } from "./config";
import { fetchConfig, fetchVisit, socketURL } from "./config";
import type { Store } from "./queue";
import { Screen } from "./screen.svelte";
import "./tokens.css";
import { wordsFor } from "./words";

const inbox = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const config = fetchConfig(inbox);
config.catch(() => undefined); // shown when the loader has met us

addEventListener("message", function meet(e: MessageEvent) {
  if (e.source !== parent || e.data !== hello || !e.ports[0]) return;
  const port = e.ports[0];
  const from = e.origin;
  removeEventListener("message", meet);
  config.then(
    (c) => {
      if (from === location.origin || c.origins.includes(from)) start(port, c);
    },
    () => start(port, undefined),
  );
});

/** Runs the application over the port. */
function start(port: MessagePort, c: Config | undefined): void {
  const say = (m: ToLoader) => port.postMessage(m);
  let client: Client | undefined;
  let answer: ((jwt: string) => void) | undefined;
  const screen = new Screen(c, () => say({ t: "close" }));

  function begin(m: ToApp & { t: "init" }): void {
    document.documentElement.lang = m.lang;
    screen.begin(m.lang, wordsFor(m.lang), m.persistent);
    mount(App, { target: document.getElementById("app")!, props: { screen } });
    if (!c) return;
    document.documentElement.style.setProperty("--brand", c.colour);
    document.documentElement.style.setProperty("--on-brand", dark(c.colour) ? "#fff" : "#000");
    const store = storeOver(new Map(Object.entries(m.store)), say);
    client = new Client({
      lang: m.lang,
      store,
      identity: m.identity,
      verifiedOnly: c.verified_only,
      dial: () => new WebSocket(socketURL(inbox)),
      visit: (token) => fetchVisit(inbox, token),
      jwt: () =>
        new Promise((resolve) => {
          const late = setTimeout(() => resolve(""), 5000);
          answer = (jwt) => {
            clearTimeout(late);
            resolve(jwt);
          };
          say({ t: "jwt?" });
        }),
      wipe: () => store.wipe(),
      changed: () => {
        if (client) screen.show(client.view());
      },
      event: (name, data) => (name === "unread" ? say({ t: "unread", n: data as number }) : say({ t: "event", name, data })),
      now: Date.now,
      random: Math.random,
      uuid: () => crypto.randomUUID(),
      later: (ms, fn) => {
        const id = setTimeout(fn, ms);
        return () => clearTimeout(id);
      },
    });
    screen.client = client;
    addEventListener("online", () => client?.wake());
    document.addEventListener("visibilitychange", () => client?.look(screen.open && !document.hidden));
    client.begin();
    say({ t: "ready", colour: c.colour });
  }

  port.onmessage = (e: MessageEvent<ToApp>) => {
    const m = e.data;
    switch (m.t) {
      case "init":
        begin(m);
        break;
      case "open":
      case "close":
        screen.open = m.t === "open";
        screen.full = m.t === "open" && m.full;
        client?.look(screen.open && !document.hidden);
        break;
      case "compose":
        screen.draft = m.text;
        break;
      case "identity":
        client?.identify();
        break;
      case "jwt":
        answer?.(m.jwt);
        break;
      case "logout":
        client?.forget();
        say({ t: "gone" });
    }
  };
}

/** A store whose truth is with the loader, in the host page's first-party storage. */
function storeOver(kept: Map<string, string>, say: (m: ToLoader) => void): Store & { wipe(): void } {
  return {
    get: (key) => kept.get(key),
    keys: () => [...kept.keys()],
    put(key, value) {
      kept.set(key, value);
      say({ t: "put", key, value });
    },
    del(key) {
      kept.delete(key);
      say({ t: "del", key });
    },
    wipe() {
      kept.clear();
      say({ t: "wipe" });
    },
  };
}
