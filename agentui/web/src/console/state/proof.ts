// How well it is known who a customer is, as a word. See channels.Proof.

import type { Identity } from "../../wire/types";

export type ProofWord = "none" | "declared" | "provider" | "verified" | "browser";

/** What is known of one address. A chat session is proved to be the same browser, which says nothing of the person. */
export function proofWord({ kind, proof }: Pick<Identity, "kind" | "proof">): ProofWord {
  if (kind === "chat") return "browser";
  if (proof >= 30) return "verified";
  if (proof >= 20) return "provider";
  return proof >= 10 ? "declared" : "none";
}

/** What is known of a customer: his best proved address, or that he is only a browser. */
export function strongest(identities: readonly Pick<Identity, "kind" | "proof">[]): ProofWord {
  const best = identities.filter((i) => i.kind !== "chat").reduce((a, b) => (b.proof > a.proof ? b : a), { kind: "email" as const, proof: -1 });
  if (best.proof >= 0) return proofWord(best);
  return identities.length > 0 ? "browser" : "none";
}
