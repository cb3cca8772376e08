// The server's clock as seen from here, and how long things take in words. A client's own clock may be minutes wrong; nothing that is
// drawn from a deadline may depend on it.

/** Estimates the server's clock from the stamps in its frames. A frame is late by its journey, so the largest of the recent
 * differences is the nearest to the truth. */
export class ServerClock {
  private differences: number[] = [];
  private best = 0;

  constructor(private readonly local: () => number) {}

  /** Takes the stamp of a frame that has just come, in milliseconds since 1970. */
  observe(at: number): void {
    this.differences = [...this.differences.slice(-11), at - this.local()];
    this.best = Math.max(...this.differences);
  }

  /** The server's time now, in milliseconds since 1970. */
  now(): number {
    return this.local() + this.best;
  }
}

/** Time between two moments as on a clock: "0:07", "2:10", "1:02:03"; negative spans count as none. */
export function span(from: string | number | undefined, to: number): string {
  const start = typeof from === "string" ? Date.parse(from) : (from ?? to);
  const seconds = Math.max(0, Math.floor((to - start) / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A waiting time for a list row: "2:10" under an hour, "1h05" under a day, then whole days in the words of `days`. */
export function wait(from: string | undefined, to: number, days: (n: number) => string): string {
  const minutes = Math.floor((to - (from ? Date.parse(from) : to)) / 60_000);
  if (minutes >= 1440) return days(Math.floor(minutes / 1440));
  if (minutes >= 60) return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}`;
  return span(from, to);
}

/** Whole seconds until a deadline, never negative. */
export function left(until: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
}
