import { expect, test } from "vitest";
import { dark } from "./colour";
import { Vault } from "./vault";
import { pick, wordsFor } from "./words";

/** A Storage in memory; full refuses to keep anything more. */
class Area {
  readonly kept = new Map<string, string>();
  full = false;
  get length() {
    return this.kept.size;
  }
  key = (i: number) => [...this.kept.keys()][i] ?? null;
  getItem = (k: string) => this.kept.get(k) ?? null;
  setItem(k: string, v: string) {
    if (this.full) throw new Error("full");
    this.kept.set(k, v);
  }
  removeItem = (k: string) => void this.kept.delete(k);
}

test("an inbox keeps its own and wipes its own only", () => {
  const area = new Area();
  area.kept.set("other", "x");
  const a = new Vault("A", area as unknown as Storage);
  const b = new Vault("A2", area as unknown as Storage);
  expect(area.length).toBe(1);
  a.put("token", "1");
  b.put("token", "2");
  expect(a.all()).toEqual({ token: "1" });
  a.wipe();
  expect([...area.kept.keys()]).toEqual(["other", "sportello:A2:token"]);
});

test("without storage, or when it is full, the page's life is enough", () => {
  const none = new Vault("A", undefined);
  none.put("k", "v");
  expect([none.persistent, none.all()]).toEqual([false, { k: "v" }]);
  none.del("k");
  expect(none.all()).toEqual({});
  const area = new Area();
  area.full = true;
  const full = new Vault("A", area as unknown as Storage);
  full.put("k", "v");
  expect(full.all()).toEqual({ k: "v" });
});

test("language: asked, page, browser, Italian", () => {
  expect(pick("en", "it", [])).toBe("en");
  expect(pick("auto", "en-GB", ["it"])).toBe("en-GB");
  expect(pick(undefined, "de", ["fr", "en-US"])).toBe("en-US");
  expect(pick("xx", "", [])).toBe("it");
  expect(wordsFor("en-GB").unread(1)).toBe("1 unread message");
});

test("text on the brand's colour is readable", () => {
  expect([dark("#2b50d0"), dark("#0b6b7a"), dark("#ffd500"), dark("#ffffff"), dark("#000000")]).toEqual([true, true, false, false, true]);
});
