// The mail that is being written in one conversation, besides its text: its envelope as the gateway has it, what the agent has made of
// it, and the files on their way into it. It outlives the composer, so that what comes back after a change of conversation finds its place.

import type { Api } from "../../wire/api";
import type { ConversationID, Envelope } from "../../wire/types";
import { begin, chosen, follow, strangers, type Chosen, type Mailing } from "./mailing";

export class Letter {
  envelope = $state.raw<Envelope | null>(null);
  mailing = $state.raw<Mailing | null>(null);
  /** The names of the files on their way. */
  pending = $state.raw<readonly string[]>([]);

  constructor(
    private readonly api: Api,
    private readonly id: ConversationID,
  ) {}

  /** Whether nothing stands in the way of sending it. Without an envelope the gateway chooses. */
  get complete(): boolean {
    const { mailing, envelope } = this;
    if (!mailing || !envelope) return true;
    return mailing.to.length > 0 && strangers(mailing, envelope.known).length === 0 && this.pending.length === 0;
  }

  /** Asks to whom the mail would go now. What the agent has touched stays. */
  async ask(): Promise<void> {
    const fresh = await this.api.get<Envelope>(`/api/conversations/${this.id}/envelope`).catch(() => null); // without it the gateway chooses
    if (!fresh) return;
    this.mailing = this.mailing && this.envelope ? follow(this.mailing, this.envelope, fresh) : begin(fresh);
    this.envelope = fresh;
  }

  change(m: Mailing): void {
    this.mailing = m;
  }

  /** Uploads files one after the other; one that is refused costs only itself. */
  async attach(files: Iterable<File>, refused: (cause: unknown) => void): Promise<void> {
    for (const file of files) {
      this.pending = [...this.pending, file.name];
      try {
        const kept = await this.api.upload(file, file.name || "file");
        if (this.mailing) this.mailing = { ...this.mailing, files: [...this.mailing.files, kept] };
      } catch (e) {
        refused(e);
      }
      const done = this.pending.indexOf(file.name);
      this.pending = this.pending.filter((_, i) => i !== done);
    }
  }

  /** Takes the n-th file out. */
  detach(n: number): void {
    if (this.mailing) this.mailing = { ...this.mailing, files: this.mailing.files.filter((_, i) => i !== n) };
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
    if (this.envelope) this.mailing = begin(this.envelope);
  }
}
