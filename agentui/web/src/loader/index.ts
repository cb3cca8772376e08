// The snippet's other half: takes over the queue that the snippet on the host page has filled, and answers its calls from then on.
//
//   <script>
//   (function(w,n){w[n]=w[n]||function(){(w[n].q=w[n].q||[]).push(arguments)}})(window,'Chat');
//   Chat('init',{inbox:'SPED-1', lang:'auto'});
//   </script>
//   <script async src="https://chat.example/w/v1.js"></script>
//
// A page with a content security policy allows our origin, here https://chat.example, in script-src and frame-src, and in connect-src
// if the launcher is to show the unread count before the chat is opened. Nothing else: no inline style, no eval. Another name than
// Chat is said by data-name on the second script.

import { type Identity, type InitOptions, Loader } from "./loader";

type Call = [string, ...unknown[]];
interface Stub {
  (...call: Call): unknown;
  q?: ArrayLike<unknown>[];
}

const script = document.currentScript as HTMLScriptElement | null;
const name = script?.dataset.name ?? "Chat";

function start(base: string): void {
  const page = window as unknown as Record<string, Stub | undefined>;
  const queued = page[name]?.q ?? [];
  const early: Call[] = [];
  let loader: Loader | undefined;

  const run = ([what, arg, more]: Call): unknown => {
    if (what === "init") {
      if (!loader && arg && (arg as InitOptions).inbox) loader = new Loader(base, arg as InitOptions);
      for (const c of early.splice(0)) run(c);
      return undefined;
    }
    if (!loader) {
      early.push([what, arg, more]);
      return undefined;
    }
    switch (what) {
      case "open":
        return loader.open();
      case "close":
        return loader.close();
      case "toggle":
        return loader.toggle();
      case "show":
        return loader.show(true);
      case "hide":
        return loader.show(false);
      case "compose":
        return loader.compose(arg as string);
      case "identify":
        return loader.identify(arg as Identity);
      case "logout":
        return loader.logout();
      case "on":
        return loader.on(arg as string, more as () => void);
      case "destroy":
        loader.destroy();
        loader = undefined;
    }
    return undefined;
  };

  page[name] = (...call: Call) => run(call);
  for (const c of queued) run(Array.from(c) as Call);
}

if (script) {
  const base = new URL(script.src).origin;
  if (document.body) start(base);
  else addEventListener("DOMContentLoaded", () => start(base));
}
