import { expect, test } from "@playwright/test";
import { accessible, agent, close, goHome, open, reply } from "./desk";
import { mailbox, sendMail, until } from "./outside";

// Two conversations of one customer become one, and two again.

test.afterEach(goHome);

const unique = () => Math.random().toString(36).slice(2, 8);

test("C28 E-24 a conversation is merged with the keyboard, both in view; an answer to the old one comes to the new one; it is undone", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const id = unique();
  const from = `anna-${id}@clienti.test`;
  await sendMail(`Anna <${from}>`, `Lampada ${id}`, "Dov’è la mia lampada?");
  await open(page, `Lampada ${id}`);
  await reply(page, "Controllo subito.");
  const answered = await until(async () => (await mailbox(from))[0], "the reply in Anna's mailbox", 40);
  await sendMail(`Anna <${from}>`, `Sollecito ${id}`, "Scrivo di nuovo per la lampada.");
  await open(page, `Lampada ${id}`);

  const others = page.getByTestId("timeline-item").filter({ hasText: "Scrivo di nuovo" });
  await expect(others).toBeHidden();
  await page.getByTestId("more").click();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByTestId("merge-preview").filter({ hasText: "Dov’è la mia lampada?" })).toBeVisible();
  await expect(dialog.getByTestId("merge-preview").filter({ hasText: "Scrivo di nuovo" })).toBeVisible();
  await accessible(page);
  await page.keyboard.press("Tab");
  await dialog.getByRole("button", { name: /^Unisci alla/ }).press("Enter");
  await expect(dialog).toBeHidden();

  const card = page.getByTestId("merge").last();
  await expect(card).toContainText("ha unito la conversazione");
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Dov’è la mia lampada?" })).toBeVisible();
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Scrivo di nuovo" })).toBeVisible();
  await accessible(page);
  await sendMail(`Anna <${from}>`, `Re: Lampada ${id}`, "È arrivata, grazie!", answered);
  await expect(page.getByTestId("timeline-item").filter({ hasText: "È arrivata, grazie!" })).toBeVisible();

  await card.getByRole("button", { name: /^Apri la/ }).click();
  await expect(page.getByRole("button", { name: "Apri", exact: true })).toBeVisible();
  await page.getByTestId("merge").getByRole("button", { name: "Annulla l’unione" }).click();
  await expect(page.getByTestId("merge").last()).toContainText("ha separato la conversazione");
  await open(page, `Sollecito ${id}`);
  await close(page);
});
