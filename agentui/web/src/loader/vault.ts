// First-party storage of the host page, one prefix per inbox. A page that forbids storage gets a memory for its own life instead.

export class Vault {
  private readonly memory = new Map<string, string>();
  readonly persistent: boolean;

  constructor(
    private readonly inbox: string,
    private readonly area: Storage | undefined,
  ) {
    this.persistent = area !== undefined;
  }

  /** Everything kept for this inbox. */
  all(): Record<string, string> {
    const found: Record<string, string> = Object.fromEntries(this.memory);
    const p = this.prefix();
    for (let i = 0; this.area && i < this.area.length; i++) {
      const k = this.area.key(i);
      if (k?.startsWith(p)) found[k.slice(p.length)] = this.area.getItem(k) ?? "";
    }
    return found;
  }

  put(key: string, value: string): void {
    try {
      if (!this.area) throw new Error("no storage");
      this.area.setItem(this.prefix() + key, value);
    } catch {
      this.memory.set(key, value); // full or forbidden
    }
  }

  del(key: string): void {
    this.memory.delete(key);
    this.area?.removeItem(this.prefix() + key);
  }

  wipe(): void {
    for (const k of Object.keys(this.all())) this.del(k);
  }

  private prefix(): string {
    return `sportello:${this.inbox}:`;
  }
}

/** The page's localStorage, if it may be used at all. Nothing is written to find out. */
export function localArea(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
