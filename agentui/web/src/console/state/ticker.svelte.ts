// The page's one clock: it ticks once a second while the page is visible, and everything that shows a running time reads it.

import { ServerClock } from "./clock";

export class Ticker {
  readonly server = new ServerClock(Date.now);
  /** The server's time at the last tick, in milliseconds since 1970. */
  now = $state(Date.now());
  private timer: ReturnType<typeof setInterval> | undefined;

  /** Ticks until the returned function is called. */
  start(): () => void {
    const follow = () => {
      clearInterval(this.timer);
      this.now = this.server.now();
      if (!document.hidden) this.timer = setInterval(() => (this.now = this.server.now()), 1000);
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      clearInterval(this.timer);
      document.removeEventListener("visibilitychange", follow);
    };
  }
}
