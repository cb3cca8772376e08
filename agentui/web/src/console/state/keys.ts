// Which key does what. Matched on the character or key that was produced, never on a physical place; nothing with Alt, because Alt and
// AltGr are how people type @ # [ ] and accents. Pure.

export type Command =
  | "palette"
  | "accept"
  | "next-waiting"
  | "previous-waiting"
  | "next-region"
  | "previous-region"
  | "send"
  | "send-close"
  | "list"
  | "keys"
  | "next"
  | "previous"
  | "open"
  | "reply"
  | "note"
  | "transfer"
  | "close"
  | "merge"
  | "panel"
  | "apply"
  | "undo"
  | "go-work"
  | "go-queues"
  | "go-rules";

/** What is looked at of a KeyboardEvent. */
export interface Stroke {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  altGraph: boolean;
}

export interface Place {
  typing: boolean; // in a field
  dialog: boolean; // in a dialog or menu: only what works anywhere
  letters: boolean; // single letters are switched on
  after: string; // the letter before it in a sequence, "" for none
}

const anywhere: Record<string, Command> = {
  F9: "accept",
  F8: "next-waiting",
  "Shift+F8": "previous-waiting",
  F6: "next-region",
  "Shift+F6": "previous-region",
  "Mod+k": "palette",
  "Mod+/": "keys",
  "Mod+Enter": "send",
  "Mod+Shift+Enter": "send-close",
  "Shift+Escape": "list",
};

const letters: Record<string, Command> = {
  j: "next",
  k: "previous",
  o: "open",
  r: "reply",
  n: "note",
  t: "transfer",
  e: "close",
  m: "merge",
  i: "panel",
  z: "undo",
  ".": "apply",
  "?": "keys",
};

const afterG: Record<string, Command> = { w: "go-work", q: "go-queues", m: "go-rules" };

/** The command of a key press, "g" when it begins a sequence, or null. */
export function command(s: Stroke, at: Place): Command | "g" | null {
  if (s.isComposing || s.altGraph || s.altKey) return null;
  const mod = s.ctrlKey || s.metaKey;
  const key = s.key.length === 1 ? s.key.toLowerCase() : s.key;
  const shift = s.shiftKey && s.key.length > 1 ? "Shift+" : "";
  const found = anywhere[(mod ? "Mod+" : "") + shift + key];
  if (found) return found;
  if (mod || at.typing || at.dialog || !at.letters) return null;
  if (at.after === "g") return afterG[key] ?? null;
  if (key === "g") return "g";
  return letters[key] ?? null;
}

/** The keys of a command as people write them. */
export function shown(c: Command, mac: boolean): string {
  const all = [...Object.entries(anywhere), ...Object.entries(letters), ...Object.entries(afterG).map(([k, v]) => [`g ${k}`, v] as const)];
  const key = all.find(([, v]) => v === c)?.[0] ?? "";
  return key
    .replace("Mod+", mac ? "⌘" : "Ctrl+")
    .replace("Shift+", mac ? "⇧" : "Shift+")
    .replace("Escape", "Esc")
    .replace(/^([a-z])$/, (x) => x.toUpperCase())
    .replace(/^g ([a-z])$/, (_, x: string) => `G ${x.toUpperCase()}`)
    .replace(/([+⌘⇧])([a-z])$/, (_, a: string, b: string) => a + b.toUpperCase());
}
