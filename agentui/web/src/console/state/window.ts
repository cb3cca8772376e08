// Which rows of a long list are in the page. Rows and section headings have fixed heights, so their places are sums; rows are placed
// absolutely, and the active one is always in the page, so that focus and reading never lose it. Pure.

import type { Place } from "./lists";

export interface Line {
  readonly key: string;
  readonly top: number;
  readonly place: Place | null; // null: a section heading
  readonly section: string;
  readonly position: number; // of a row among the rows, from 1
  readonly count: number; // of a heading: rows of its section
}

export interface Layout {
  readonly lines: readonly Line[];
  readonly height: number;
  readonly rows: number;
}

/** Below this many rows everything is in the page. */
export const windowedAbove = 60;

export function layout(places: readonly Place[], rowHeight: number, headingHeight: number): Layout {
  const lines: Line[] = [];
  const counts = new Map<string, number>();
  for (const p of places) if (!p.gone) counts.set(p.section, (counts.get(p.section) ?? 0) + 1);
  let top = 0;
  let section = "";
  places.forEach((place, i) => {
    if (place.section !== section || i === 0) {
      section = place.section;
      lines.push({ key: `# ${section}`, top, place: null, section, position: 0, count: counts.get(section) ?? 0 });
      top += headingHeight;
    }
    lines.push({ key: place.id, top, place, section, position: i + 1, count: 0 });
    top += rowHeight;
  });
  return { lines, height: top, rows: places.length };
}

/** The lines to have in the page when the view shows [scroll, scroll + height). */
export function visible(all: Layout, scroll: number, height: number, active: string | null): readonly Line[] {
  if (all.rows <= windowedAbove) return all.lines;
  const margin = height / 2;
  const from = firstAtOrAfter(all.lines, scroll - margin);
  const to = firstAtOrAfter(all.lines, scroll + height + margin);
  const shown = all.lines.slice(Math.max(0, from - 1), to);
  if (active === null || shown.some((l) => l.key === active)) return shown;
  const kept = all.lines.find((l) => l.key === active);
  return kept ? [...shown, kept] : shown;
}

function firstAtOrAfter(lines: readonly Line[], top: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((lines[mid]?.top ?? 0) < top) low = mid + 1;
    else high = mid;
  }
  return low;
}
