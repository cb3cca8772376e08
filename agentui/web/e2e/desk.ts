import { expect, type Browser, type Page } from "@playwright/test";
import { site } from "./outside";

export const password = "correct horse battery";

/** An agent at his console, available. */
export async function agent(browser: Browser, name: string, available = true): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto("/");
  await page.getByLabel(/email|posta/i).fill(`${name}@sportello.test`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Entra" }).click();
  if (available) await startShift(page);
  return page;
}

export async function startShift(page: Page): Promise<void> {
  await page.getByRole("button", { name: /inizia a ricevere/i }).first().click();
  await expect(page.getByTestId("presence")).toContainText(/disponibile/i);
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
  await page.keyboard.press("Enter");
}

/** A visitor on the website, with the chat open. */
export async function visitor(browser: Browser): Promise<{ page: Page; chat: ReturnType<Page["frameLocator"]> }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(site);
  await page.getByRole("button", { name: /apri la chat/i }).click();
  return { page, chat: page.frameLocator("iframe") };
}

export async function say(chat: ReturnType<Page["frameLocator"]>, text: string): Promise<void> {
  await chat.getByRole("textbox", { name: /messaggio/i }).fill(text);
  await chat.getByRole("button", { name: /^invia/i }).click();
  await expect(chat.getByRole("log")).toContainText(text);
}
