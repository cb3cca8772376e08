// The offer card: one offer at a time, from its coming to a short word about how it ended. Nothing here moves the focus, and nothing
// declines by accident.

import { Refusal, type Api } from "../../wire/api";
import type { Conversation, Offer, OfferEnd } from "../../wire/types";

export type CardState = "open" | "accepting" | "declining" | "missed" | "taken" | "gone" | "error";

export interface Card {
  readonly offer: Offer;
  readonly state: CardState;
  readonly choosing: boolean; // the reasons to decline are shown
}

export interface OfferHandlers {
  made(offer: Offer): void;
  accepted(conversation: Conversation): void;
  missed(): void;
}

const missedFor = 6000;
const goneFor = 4000;

export class Offers {
  card = $state.raw<Card | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly api: Api,
    private readonly h: OfferHandlers,
  ) {}

  /** Follows the inbox: a new offer opens the card, the end of the one shown says how it ended. */
  follow(offer: Offer | null, ended: OfferEnd | null): void {
    if (offer && offer.id !== this.card?.offer.id) this.open(offer);
    else if (!offer && this.card && !this.over()) this.end(ended);
  }

  async accept(): Promise<void> {
    const card = this.card;
    if (card?.state !== "open" && card?.state !== "error") return;
    this.card = { ...card, state: "accepting", choosing: false };
    const body = { client_id: crypto.randomUUID() };
    try {
      const conversation = await this.api.send<Conversation>("POST", `/api/offers/${card.offer.id}/accept`, body);
      this.close(card);
      this.h.accepted(conversation);
    } catch (e) {
      const gone = e instanceof Refusal && !e.passing;
      if (this.card?.offer.id !== card.offer.id) return;
      if (gone) this.finish("taken", goneFor);
      else this.card = { ...card, state: "error" };
    }
  }

  async decline(reason: string): Promise<void> {
    const card = this.card;
    if (!card) return;
    this.card = { ...card, state: "declining", choosing: false };
    const body = { client_id: crypto.randomUUID(), reason };
    await this.api.send("POST", `/api/offers/${card.offer.id}/decline`, body).catch(() => undefined); // then it expires by itself
    this.close(card);
  }

  choose(choosing: boolean): void {
    if (this.card) this.card = { ...this.card, choosing };
  }

  dismiss(): void {
    clearTimeout(this.timer);
    this.card = null;
  }

  private open(offer: Offer): void {
    clearTimeout(this.timer);
    this.card = { offer, state: "open", choosing: false };
    this.h.made(offer);
  }

  private end(ended: OfferEnd | null): void {
    const card = this.card;
    if (!card || card.state === "accepting" || card.state === "declining") return;
    const how = ended?.offer === card.offer.id ? ended.how : "gone";
    if (how === "accepted" || how === "declined") return this.close(card);
    if (how === "expired" || how === "lost") {
      this.finish("missed", missedFor);
      this.h.missed();
      return;
    }
    this.finish(how === "taken" ? "taken" : "gone", goneFor);
  }

  private over(): boolean {
    return this.card?.state === "missed" || this.card?.state === "taken" || this.card?.state === "gone";
  }

  private finish(state: CardState, ms: number): void {
    if (!this.card) return;
    this.card = { ...this.card, state, choosing: false };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.card = null), ms);
  }

  private close(card: Card): void {
    if (this.card?.offer.id === card.offer.id) this.dismiss();
  }
}
