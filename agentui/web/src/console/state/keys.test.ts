import { describe, expect, test } from "vitest";
import { command, shown, type Place, type Stroke } from "./keys";

const free: Place = { typing: false, dialog: false, letters: true, after: "" };
const typing: Place = { ...free, typing: true };
const key = (k: string, s: Partial<Stroke> = {}): Stroke => ({
  key: k,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  isComposing: false,
  altGraph: false,
  ...s,
});

describe("keys", () => {
  test("C02: F9 accepts also while typing", () => {
    expect(command(key("F9"), typing)).toBe("accept");
  });

  test("letters act only when nothing is typed, and can be switched off", () => {
    expect(command(key("r"), free)).toBe("reply");
    expect(command(key("r"), typing)).toBeNull();
    expect(command(key("r"), { ...free, dialog: true })).toBeNull();
    expect(command(key("r"), { ...free, letters: false })).toBeNull();
    expect(command(key("k", { ctrlKey: true }), { ...typing, letters: false })).toBe("palette");
  });

  test.each(["@", "#", "[", "]", "{", "}", "è", "à", "e", "."])("C12: %s typed with Alt or AltGr fires nothing", (k) => {
    for (const place of [free, typing]) {
      expect(command(key(k, { altKey: true }), place)).toBeNull();
      expect(command(key(k, { ctrlKey: true, altKey: true }), place)).toBeNull();
      expect(command(key(k, { altGraph: true }), place)).toBeNull();
    }
  });

  test("C13: an input method's keys are its own", () => {
    expect(command(key("F9", { isComposing: true }), free)).toBeNull();
  });

  test("a character is matched by what was typed, not by where: ? is Shift+' on an Italian keyboard", () => {
    expect(command(key("?", { shiftKey: true }), free)).toBe("keys");
  });

  test("G begins a sequence", () => {
    expect(command(key("g"), free)).toBe("g");
    expect(command(key("q"), { ...free, after: "g" })).toBe("go-queues");
    expect(command(key("q"), free)).toBeNull();
  });

  test("named keys tell Shift apart", () => {
    expect(command(key("F8", { shiftKey: true }), free)).toBe("previous-waiting");
    expect(command(key("Enter", { ctrlKey: true, shiftKey: true }), typing)).toBe("send-close");
  });

  test("keys are shown as people write them", () => {
    expect(shown("palette", false)).toBe("Ctrl+K");
    expect(shown("palette", true)).toBe("⌘K");
    expect(shown("reply", false)).toBe("R");
    expect(shown("go-queues", false)).toBe("G Q");
    expect(shown("list", false)).toBe("Shift+Esc");
  });
});
