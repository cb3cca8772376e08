// How well an address is known to belong to the customer, as a word. See channels.Proof.

export type ProofWord = "none" | "declared" | "provider" | "verified";

export function proofWord(proof: number): ProofWord {
  if (proof >= 30) return "verified";
  if (proof >= 20) return "provider";
  return proof >= 10 ? "declared" : "none";
}
