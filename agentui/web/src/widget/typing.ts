// Typing in both directions (C-09): told at most every three seconds, shown for six.

interface Clock {
  now(): number;
  later(ms: number, fn: () => void): () => void;
}

export class Typing {
  /** The agent who types, or "". */
  name = "";
  private told = Number.NEGATIVE_INFINITY;
  private stop: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** Whether the server should be told now that the visitor types. */
  due(): boolean {
    if (this.clock.now() - this.told < 3000) return false;
    this.told = this.clock.now();
    return true;
  }

  show(name: string): void {
    this.stop?.();
    this.name = name || "…";
    this.stop = this.clock.later(6000, () => {
      this.name = "";
      this.changed();
    });
  }

  clear(): void {
    this.stop?.();
    this.name = "";
  }
}
