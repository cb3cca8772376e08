// What is said to people who do not see the screen, and the one line that tells everybody how an act ended.

export interface Toast {
  readonly text: string;
  readonly action: { label: string; run: () => void } | null;
  readonly until: number; // when its act is too late, milliseconds since 1970; 0: never
}

export class Announcer {
  polite = $state("");
  assertive = $state("");
  toast = $state.raw<Toast | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    this.polite = again(this.polite, text);
  }

  alert(text: string): void {
    this.assertive = again(this.assertive, text);
  }

  /** Shows a line for ten seconds, or until its act is too late, and says it. Its act must also exist somewhere else. */
  show(text: string, action: Toast["action"] = null, until = 0): void {
    clearTimeout(this.timer);
    this.toast = { text, action, until };
    this.say(text);
    this.timer = setTimeout(() => this.dismiss(), until ? Math.max(0, until - Date.now()) : 10_000);
  }

  dismiss(): void {
    clearTimeout(this.timer);
    this.toast = null;
  }
}

/** A text that a reader says even when it is the same as before. */
function again(before: string, text: string): string {
  return before === text ? `${text}\u00a0` : text;
}
