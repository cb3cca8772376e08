// How many SMS a text takes: GSM 03.38 text in septets, everything else in UTF-16 (3GPP TS 23.038).

const basic =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const extended = "\f^{}\\[~]|€";

/** The number of SMS, and whether a character forces the short, 70-character kind. */
export function segments(text: string): { count: number; unicode: boolean } {
  let septets = 0;
  for (const c of text) {
    if (basic.includes(c)) septets += 1;
    else if (extended.includes(c)) septets += 2;
    else return { count: parts(text.length, 70, 67), unicode: true };
  }
  return { count: parts(septets, 160, 153), unicode: false };
}

function parts(units: number, alone: number, joined: number): number {
  if (units === 0) return 0;
  return units <= alone ? 1 : Math.ceil(units / joined);
}
