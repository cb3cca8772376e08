import { describe, expect, test } from "vitest";
import { en } from "./en";
import { it } from "./it";
import { format, names } from "./message";

const keys = Object.keys(it) as (keyof typeof it)[];

describe("the dictionaries", () => {
  test("have equal keys, in order", () => {
    expect(Object.keys(en)).toEqual(keys);
    expect([...keys].sort()).toEqual(keys);
  });

  test("leave nothing empty", () => {
    expect(keys.filter((k) => it[k].trim() === "" || en[k].trim() === "")).toEqual([]);
  });

  test("ask for the same values", () => {
    expect(keys.filter((k) => names(it[k]).join() !== names(en[k]).join())).toEqual([]);
  });

  test("have balanced braces", () => {
    const balanced = (s: string) => (s.match(/\{/g)?.length ?? 0) === (s.match(/\}/g)?.length ?? 0);
    expect(keys.filter((k) => !balanced(it[k]) || !balanced(en[k]))).toEqual([]);
  });
});

describe("a message", () => {
  test("is filled, and counts", () => {
    const m = "{name}: {n, plural, one {# messaggio} other {# messaggi di {name}}}";
    expect(format(m, { name: "Anna", n: 1 }, "it")).toBe("Anna: 1 messaggio");
    expect(format(m, { name: "Anna", n: 1200 }, "it")).toBe("Anna: 1200 messaggi di Anna");
    expect(format(m, { name: "Anna", n: 12_000 }, "en")).toBe("Anna: 12,000 messaggi di Anna");
  });

  test("shows the name of a value that is missing", () => {
    expect(format("Ciao {name}", {}, "it")).toBe("Ciao {name}");
  });
});
