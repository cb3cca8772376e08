// The console's sounds and the system's notifications. Both need a gesture of the person first ("Inizia a ricevere"). Of several open
// tabs one is heard.

export class Bell {
  private context: AudioContext | null = null;
  private leader = false;
  private last = new Map<string, number>();
  muted = false;

  /** Unlocks sound and asks for notifications; must be called from a click or key press. */
  unlock(): void {
    this.context ??= new AudioContext();
    void this.context.resume();
    if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
    this.lead();
  }

  /** Two rising tones: somebody must answer. */
  offer(): void {
    this.tones([
      [660, 0],
      [880, 0.16],
    ]);
  }

  /** One soft tone, at most every ten seconds for the same key. */
  soft(key: string): void {
    const now = Date.now();
    if (now - (this.last.get(key) ?? 0) < 10_000) return;
    this.last.set(key, now);
    this.tones([[520, 0]]);
  }

  /** A falling pair: something was not sent. */
  failed(): void {
    this.tones([
      [440, 0],
      [330, 0.16],
    ]);
  }

  /** A notification of the system, when the page is hidden. One with the same tag replaces the one before. */
  notify(title: string, body: string, tag: string, stay: boolean, click: () => void): void {
    if (!document.hidden || !this.leader || !("Notification" in window) || Notification.permission !== "granted") return;
    const shown = new Notification(title, { body, tag, requireInteraction: stay, silent: true });
    shown.onclick = () => {
      window.focus();
      click();
      shown.close();
    };
  }

  private tones(list: [frequency: number, delay: number][]): void {
    if (!this.context || this.muted || !this.leader) return;
    for (const [frequency, delay] of list) this.tone(this.context, frequency, this.context.currentTime + delay);
  }

  private tone(context: AudioContext, frequency: number, at: number): void {
    const [source, volume] = [context.createOscillator(), context.createGain()];
    source.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
    source.connect(volume).connect(context.destination);
    source.start(at);
    source.stop(at + 0.32);
  }

  /** The tab that holds the lock is heard; when it goes, the next takes over. */
  private lead(): void {
    if (!("locks" in navigator)) this.leader = true;
    else if (!this.leader) void navigator.locks.request("sportello-bell", () => new Promise<void>(() => (this.leader = true)));
  }
}
