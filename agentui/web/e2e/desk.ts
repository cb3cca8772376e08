import AxeBuilder from "@axe-core/playwright";
import { expect, type Browser, type Frame, type Page } from "@playwright/test";
import { site, until } from "./outside";

export const password = "correct horse battery";

/** An agent at his console, available. */
export async function agent(browser: Browser, name: string, available = true): Promise<Page> {
  const context = await browser.newContext({ permissions: ["notifications"] });
  const page = await context.newPage();
  await page.goto("/");
  await page.getByLabel("Email").fill(`${name}@sportello.test`);
  await page.locator("input[autocomplete=current-password]").fill(password);
  await page.getByRole("button", { name: "Accedi" }).click();
  if (available) await startShift(page);
  return page;
}

export async function startShift(page: Page): Promise<void> {
  const begin = page.getByRole("button", { name: "Inizia a ricevere" }).first();
  const there = page.getByTestId("presence").filter({ hasText: /disponibile|al completo/i }); // was there before, and still is
  const away = page.getByTestId("presence").filter({ hasText: /assente/i }); // an offer was missed, as happens on a machine that is busy
  await expect(begin.or(there).or(away).first()).toBeVisible();
  if (await begin.isVisible()) await begin.click();
  else if (await away.isVisible()) {
    await page.getByTestId("presence").click();
    await page.getByRole("menuitemradio", { name: /^disponibile/i }).click();
  }
  await expect(there).toBeVisible();
}

export async function endShift(page: Page): Promise<void> {
  await page.getByTestId("presence").click();
  await page.getByRole("menuitemradio", { name: /offline/i }).click();
  await expect(page.getByTestId("presence")).toContainText("Offline");
}

/** Everybody goes home: no test finds another's agents at their desks. */
export async function goHome({ browser }: { browser: Browser }): Promise<void> {
  for (const context of browser.contexts()) await context.close();
}

/** Opens the conversation whose row contains text. */
export async function open(page: Page, text: string | RegExp): Promise<void> {
  await page.getByTestId("conversation-row").filter({ hasText: text }).first().click();
  await expect(page.getByTestId("thread")).toBeVisible();
}

/** Waits for an offer that contains text, and accepts it. */
export async function accept(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.getByTestId("offer-card").filter({ hasText: text })).toBeVisible();
  await page.getByTestId("accept-offer").click();
  await expect(page.getByTestId("thread")).toBeVisible();
}

export async function reply(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer-reply").fill(text);
  await page.getByTestId("send").click();
  await expect(page.getByTestId("timeline-item").filter({ hasText: text })).toBeVisible();
}

export async function close(page: Page): Promise<void> {
  await page.getByTestId("close-conversation").click();
  await page.getByRole("dialog").getByRole("button", { name: "Chiudi conversazione" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
}

/** No violations of WCAG 2.2 AA, in light and in dark. */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const axe = new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]);
    expect((await axe.analyze()).violations).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** What stands in the visitor's chat. */
export const lines = (chat: Frame) => chat.getByRole("region", { name: "Conversazione" });

/** Opens the chat as a keyboard user does (W02). Launcher and frame lie in a closed shadow root, where no locator of the page reaches. */
export async function openChat(page: Page): Promise<Frame> {
  await expect(page.locator("body > div")).toBeAttached();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  return until(async () => page.frames().find((f) => f.url().includes("/w/app/")), "the chat's frame");
}

/** A visitor on the website, with the chat open. */
export async function visitor(browser: Browser): Promise<{ page: Page; chat: Frame }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(site);
  return { page, chat: await openChat(page) };
}

export async function say(chat: Frame, text: string): Promise<void> {
  await chat.getByRole("textbox", { name: "Scrivi un messaggio" }).fill(text);
  await chat.getByRole("button", { name: "Invia" }).click();
  await expect(lines(chat)).toContainText(text);
}
