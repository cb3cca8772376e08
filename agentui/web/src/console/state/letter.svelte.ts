// The mail that is being written in one conversation, besides its text: its envelope as the gateway has it, what the agent has made of
// it, and the files on their way into it. It outlives the composer, so that what comes back after a change of conversation finds its place,
// and what has been chosen outlives the page with the drafts.

import type { Api } from "../../wire/api";
import type { ConversationID, Envelope } from "../../wire/types";
import type { Drafts } from "./drafts";
import { begin, chosen, follow, nothingTyped, obstacle, type Chosen, type Mailing, type Typed } from "./mailing";

export class Letter {
  envelope = $state.raw<Envelope | null>(null);
  mailing = $state.raw<Mailing | null>(null);
  typed = $state.raw<Typed>(nothingTyped);
  /** The names of the files on their way. */
  pending = $state.raw<readonly string[]>([]);

  constructor(
    private readonly api: Api,
    private readonly id: ConversationID,
    private readonly drafts: Drafts,
  ) {
    const kept = read(drafts.get(id, "mail"));
    if (kept) [this.envelope, this.mailing, this.typed] = [kept.envelope, kept.mailing, kept.typed];
  }

  /** What stands in the way of sending it, "" if nothing does. Without an envelope the gateway chooses. */
  get obstacle(): ReturnType<typeof obstacle> {
    const { mailing, envelope } = this;
    return mailing && envelope ? obstacle(mailing, this.typed, envelope.known, this.pending.length) : "";
  }

  /** Asks to whom the mail would go now. What the agent has touched stays. */
  async ask(): Promise<void> {
    const fresh = await this.api.get<Envelope>(`/api/conversations/${this.id}/envelope`).catch(() => null); // without it the gateway chooses
    if (!fresh) return;
    this.mailing = this.mailing && this.envelope ? follow(this.mailing, this.envelope, fresh) : begin(fresh);
    this.envelope = fresh;
    this.keep();
  }

  change(m: Mailing, typed: Typed = this.typed): void {
    [this.mailing, this.typed] = [m, typed];
    this.keep();
  }

  /** Uploads files one after the other; one that is refused costs only itself. */
  async attach(files: Iterable<File>, refused: (cause: unknown) => void): Promise<void> {
    for (const file of files) {
      this.pending = [...this.pending, file.name];
      try {
        const kept = await this.api.upload(file, file.name || "file");
        if (this.mailing) this.change({ ...this.mailing, files: [...this.mailing.files, kept] });
      } catch (e) {
        refused(e);
      }
      const done = this.pending.indexOf(file.name);
      this.pending = this.pending.filter((_, i) => i !== done);
    }
  }

  /** Takes the n-th file out. */
  detach(n: number): void {
    if (this.mailing) this.change({ ...this.mailing, files: this.mailing.files.filter((_, i) => i !== n) });
  }

  /** The first recipient, and how many more; `usual` is to whom the gateway would write by itself. */
  receivers(usual: string): string {
    const { mailing, envelope } = this;
    const all = mailing && envelope ? [...mailing.to, ...mailing.cc, ...mailing.bcc] : [usual];
    return all.length > 1 ? `${all[0]} +${all.length - 1}` : (all[0] ?? usual);
  }

  /** What has to be said to the gateway, which would write to `usual`. */
  chosen(usual: string): Chosen {
    return this.mailing && this.envelope ? chosen(this.mailing, this.envelope, usual) : {};
  }

  /** Begins the next one, because this one was sent. */
  restart(): void {
    if (this.envelope) this.change(begin(this.envelope), nothingTyped);
  }

  /** Puts back what had been chosen for a mail that was taken back, unless the next one has been begun. */
  resume(mail: Chosen): void {
    if (this.envelope && this.mailing && !this.touched) this.change({ ...this.mailing, ...mail });
  }

  /** Whether anything differs from what the gateway would choose. */
  private get touched(): boolean {
    const { mailing, envelope, typed } = this;
    return mailing !== null && envelope !== null && JSON.stringify([mailing, typed]) !== JSON.stringify([begin(envelope), nothingTyped]);
  }

  private keep(): void {
    const { envelope, mailing, typed } = this;
    this.drafts.set(this.id, "mail", this.touched ? JSON.stringify({ envelope, mailing, typed } satisfies Partial<Kept>) : "");
  }
}

interface Kept {
  envelope: Envelope | null;
  mailing: Mailing | null;
  typed: Typed;
}

/** What an earlier page kept; null when it cannot be read. */
function read(text: string): Kept | null {
  try {
    const kept = text ? (JSON.parse(text) as Kept) : null;
    return kept && kept.envelope && kept.mailing ? kept : null;
  } catch {
    return null;
  }
}
