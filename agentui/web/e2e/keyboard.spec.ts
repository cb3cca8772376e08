import { expect, test, type Page } from "@playwright/test";
import { agent, close, goHome, open } from "./desk";
import { mailbox, sendRaw, until } from "./outside";

// A shift without a mouse.

test.afterEach(goHome);

const unique = () => Math.random().toString(36).slice(2, 8);

/** What has the keyboard, as a person would name it. */
const here = (page: Page) =>
  page.evaluate(() => {
    const e = document.activeElement as HTMLElement;
    return `${e.getAttribute("role") ?? e.tagName.toLowerCase()} ${e.getAttribute("aria-label") ?? e.textContent?.trim().slice(0, 60) ?? ""}`.trim();
  });

/** A name without its numbers: how many wait may change while one walks. */
const uncounted = (name: string) => name.replace(/\d+/g, "#");

/** Presses a key until what has the keyboard is named so. */
async function to(page: Page, name: RegExp, key = "Tab", most = 60): Promise<void> {
  for (let n = 0; n < most; n++) {
    await page.keyboard.press(key);
    if (name.test(await here(page))) return;
  }
  throw new Error(`${key} does not come to ${name}`);
}

/** Whether one sees that the element with the keyboard has it: it looks different without. */
async function seen(page: Page): Promise<boolean> {
  const it = await page.evaluateHandle(() => document.activeElement as HTMLElement);
  const box = await it.evaluate((e) => {
    const frame = e.matches("textarea") ? (e.closest(".composer") ?? e) : e; // what frames the text shows where one is
    const { x, y, width, height } = frame.getBoundingClientRect();
    return { x: Math.max(0, x - 8), y: Math.max(0, y - 8), width: Math.min(innerWidth - Math.max(0, x - 8), width + 16), height: Math.min(innerHeight - Math.max(0, y - 8), height + 16) };
  });
  const look = async () => (await page.screenshot({ clip: box, animations: "disabled" })).toString("base64");
  const focused = await look();
  await it.evaluate((e) => e.blur());
  const blurred = await look();
  await it.evaluate((e) => e.focus({ preventScroll: true }));
  return focused !== blurred;
}

async function written(from: string, name: string, cc: string, subject: string): Promise<void> {
  const raw = [`From: ${name} <{from}>`, "To: {to}", `Cc: ${cc}`, `Subject: ${subject}`, "Date: {date}", "Message-ID: <{id}@clienti.test>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", ""];
  await sendRaw(from, [...raw, "Quanto costa?", "", "Il giorno 10 nov 2026 Bottega ha scritto:", "> Ci dica.", ""].join("\n"));
}

test("C31 C33 a mail is found, read, taken, answered and taken back without a mouse, and every stop is seen", async ({ browser }) => {
  test.slow();
  const page = await agent(browser, "marco", false);
  const id = unique();
  const [from, cc, stranger] = [`tina-${id}@clienti.test`, `capo-${id}@clienti.test`, `nuova-${id}@clienti.test`];
  await written(from, "Tina Tasti", cc, `Tasti ${id}`);
  await page.goto("/#/queues");
  const row = page.getByTestId("conversation-row").filter({ hasText: `Tasti ${id}` });
  await expect(row).toBeVisible();

  // The list: one stop, which shows where one is; arrows open, and the keyboard stays in the list.
  await page.keyboard.press("Shift+Escape");
  expect(await here(page)).toMatch(/^listbox/);
  expect(await seen(page)).toBe(true);
  for (let n = 0; n < 40 && (await row.getAttribute("aria-selected")) !== "true"; n++) await page.keyboard.press("ArrowDown");
  await expect(row).toHaveAttribute("aria-selected", "true");
  await expect(page.getByTestId("thread").getByText("Quanto costa?")).toBeVisible();
  expect(await here(page)).toMatch(/^listbox/);

  // Around everything: no stop is unseen, none holds the keyboard, and one comes back.
  const stops: string[] = [];
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press("Tab");
    const at = await here(page);
    if (at.startsWith("body")) continue; // between the page's end and its beginning lies the browser
    if (at.startsWith("listbox")) break;
    expect(await seen(page), at).toBe(true);
    stops.push(at);
  }
  const order = [/^button Prendi/, /^button Trasferisci/, /^region Storia/, /^button Altro su questa mail/, /^button Mostra testo citato/, /^tab Risposta/, /^button Canale/, /^textarea Risposta a Tina/, /^button Il mio lavoro/, /^button Cerca/];
  const found = order.map((name) => stops.findIndex((s) => name.test(s)));
  expect(found.every((at, n) => at >= 0 && at > (found[n - 1] ?? -1)), `${found.join()} of ${stops.join(" / ")}`).toBe(true);
  expect(await here(page)).toMatch(/^listbox/);
  for (const back of [...stops].reverse()) {
    await page.keyboard.press("Shift+Tab");
    if ((await here(page)).startsWith("body")) await page.keyboard.press("Shift+Tab");
    expect(uncounted(await here(page))).toBe(uncounted(back));
  }
  await page.keyboard.press("Shift+Tab");
  expect(await here(page)).toMatch(/^listbox/);

  // What opens is closed by Escape and gives the keyboard back.
  await to(page, /^button Altro su questa mail/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await page.keyboard.press("Escape");
  expect(await here(page)).toBe("button Altro su questa mail");
  await page.keyboard.press("ArrowDown");
  await to(page, /^menuitem Mostra le intestazioni/, "ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("headers")).toContainText(`Subject: Tasti ${id}`);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  expect(await here(page)).toBe("button Altro su questa mail");
  await to(page, /^button Mostra testo citato/);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("thread").locator("blockquote")).toContainText("Ci dica.");
  expect(await here(page)).toMatch(/^button Nascondi/);
  for (const key of ["Control+k", "e", "t"]) {
    await page.keyboard.press(key);
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
    expect(await here(page)).toMatch(/^button Nascondi/);
  }

  // Taken from the thread's head: one writes at once. Recipients, backwards from the text.
  await page.keyboard.press("Shift+Escape");
  await to(page, /^button Prendi/);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("composer-reply")).toBeFocused();
  await expect(page.locator("#mail-to")).toBeVisible();
  await to(page, /^button .*capo-/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("recipient")).toHaveText([from, cc]);
  await expect(page.locator("#mail-cc")).toBeFocused();
  await page.keyboard.type(stranger);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("recipient").last()).toContainText(stranger);
  await to(page, /^button Conferma/, "Shift+Tab");
  expect(await seen(page)).toBe(true);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Conferma", exact: true })).toBeHidden();
  await expect(page.locator("#mail-cc")).toBeFocused();
  await page.keyboard.press("Backspace"); // the last one goes
  await expect(page.getByTestId("recipient")).toHaveText([from, cc]);
  await to(page, /^textarea Risposta a Tina/);
  await page.keyboard.type("Costa 80 euro.");
  await to(page, /^button Invia email/);
  expect(await seen(page)).toBe(true);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("composer-reply")).toBeFocused();
  await expect(page.getByRole("complementary", { name: "Avviso" })).toContainText("Email inviata");

  // Taken back, and sent for good.
  await page.keyboard.press("Escape");
  expect(await here(page)).toMatch(/^main/);
  await page.keyboard.press("z");
  await expect(page.getByTestId("composer-reply")).toHaveValue("Costa 80 euro.");
  await expect(page.getByTestId("composer-reply")).toBeFocused();
  await page.keyboard.press("Control+Enter");
  await until(async () => (await mailbox(cc)).length > 0, "the mail");
  expect((await mailbox(stranger)).length).toBe(0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("e");
  await to(page, /^button Chiudi conversazione/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("C31 after a reply was begun once, arrows still move through the list and do not fall into the next reply", async ({ browser }) => {
  const page = await agent(browser, "marco", false);
  const id = unique();
  for (const n of ["uno", "due"]) await written(`${n}-${id}@clienti.test`, `Ida ${n}`, `capo-${id}@clienti.test`, `Freccia ${id} ${n}`);
  await page.goto("/#/queues");
  for (const n of ["uno", "due"]) await expect(page.getByTestId("conversation-row").filter({ hasText: `Freccia ${id} ${n}` })).toBeVisible();
  await page.keyboard.press("Shift+Escape");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("composer-reply")).toBeFocused();
  await page.keyboard.press("Shift+Escape");
  await page.keyboard.press("ArrowUp");
  await expect(page.locator("[role=option][aria-selected=true]")).toHaveAttribute("aria-posinset", String((await page.getByTestId("conversation-row").count()) - 1));
  await expect(page.getByTestId("composer-reply")).toHaveAccessibleName(/Ida uno|Ida due/);
  expect(await here(page)).toMatch(/^listbox/);
  for (const n of ["uno", "due"]) {
    await open(page, `Freccia ${id} ${n}`);
    await page.getByTestId("thread").getByRole("button", { name: "Prendi", exact: true }).first().click();
    await close(page);
  }
});
