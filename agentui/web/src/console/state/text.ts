// Folds long and quoted text. Pure.

const startLines = 12;
const startCharacters = 1500;

export interface Folded {
  start: string; // what is shown first; equal to body when there is no more
  body: string;
  quote: string; // the quoted end, without its marks
}

/** Parts a text into what the person wrote and what he quoted at the end, and finds where a long text is first cut. */
export function fold(text: string): Folded {
  const lines = text.replace(/\s+$/u, "").split("\n");
  let from = lines.length;
  while (from > 0 && (/^>/.test(lines[from - 1] ?? "") || (from < lines.length && lines[from - 1]?.trim() === ""))) from--;
  if (from > 0 && from < lines.length && introduces(lines, from - 1)) from--;
  const quoted = lines.slice(from);
  const body = lines.slice(0, from).join("\n").trimEnd();
  if (body === "") return { ...cut(text.trimEnd()), quote: "" };
  return { ...cut(body), quote: quoted.map((l) => l.replace(/^>+ ?/, "")).join("\n").trim() };
}

/** "Il giorno … ha scritto:", "On … wrote:" */
function introduces(lines: string[], at: number): boolean {
  return /:\s*$/.test(lines[at] ?? "") && (lines[at] ?? "").length < 200;
}

/** Where a long text is first cut; start equals body when it is not long. */
export function cut(body: string): { start: string; body: string } {
  const lines = body.split("\n");
  if (lines.length <= startLines + 2 && body.length <= startCharacters + 300) return { start: body, body };
  const start = lines.slice(0, startLines).join("\n").slice(0, startCharacters);
  return { start: `${start.trimEnd()} …`, body };
}
