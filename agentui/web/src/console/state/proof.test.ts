import { expect, test } from "vitest";
import { proofWord, strongest } from "./proof";

test("a chat session proves a browser, never a person", () => {
  expect(proofWord({ kind: "chat", proof: 30 })).toBe("browser");
  expect(strongest([{ kind: "chat", proof: 30 }])).toBe("browser");
  expect(strongest([{ kind: "chat", proof: 30 }, { kind: "email", proof: 10 }])).toBe("declared");
});

test("the best proved address counts", () => {
  expect(strongest([{ kind: "email", proof: 0 }, { kind: "sms", proof: 20 }])).toBe("provider");
  expect(strongest([{ kind: "email", proof: 30 }])).toBe("verified");
  expect(strongest([])).toBe("none");
});
