// The one thing about colour that loader and application share.

/** Whether white reads better than black on a colour: relative luminance (WCAG 2.2) below 0.179. */
export function dark(hex: string): boolean {
  const part = (i: number) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) < 0.179;
}
