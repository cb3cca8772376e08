import { expect, test } from "@playwright/test";
import { agent, close, endShift, goHome, open, reply } from "./desk";
import { phone, sendSMS, until } from "./outside";

// Two agents at their desks.

test.afterEach(goHome);

const number = () => `+39344${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;

test("C02 an offer comes while an agent types: F9 accepts it, and neither his text nor his caret moves", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  await sendSMS(number(), "La prima domanda");
  await expect(page.getByTestId("offer-card")).toBeVisible();
  await page.keyboard.press("F9");
  const box = page.getByTestId("composer-reply");
  await box.fill("Sto scrivendo");
  await sendSMS(number(), "La seconda domanda");
  await expect(page.getByTestId("offer-card").filter({ hasText: "La seconda domanda" })).toBeVisible();
  await expect(box).toBeFocused();
  await page.keyboard.type(" ancora");
  await expect(box).toHaveValue("Sto scrivendo ancora");
  await page.keyboard.press("F9");
  await expect(page.getByTestId("conversation-row").filter({ hasText: "La seconda domanda" })).toBeVisible();
  await expect(page.getByTestId("offer-card")).toBeHidden();
  await open(page, "La prima domanda");
  await expect(box).toHaveValue("Sto scrivendo ancora");
  await box.fill("");
  await close(page);
  await open(page, "La seconda domanda");
  await close(page);
});

test("C23 a conversation is passed on to a colleague with a note, who accepts and answers; the one who gave it away sees it go", async ({ browser }) => {
  const giulia = await agent(browser, "giulia");
  const from = number();
  await sendSMS(from, "Vorrei parlare con Marco");
  await expect(giulia.getByTestId("offer-card")).toBeVisible();
  await giulia.keyboard.press("F9");
  await expect(giulia.getByTestId("thread")).toContainText("Vorrei parlare con Marco");
  const marco = await agent(browser, "marco");
  await giulia.getByTestId("transfer").click();
  const dialog = giulia.getByRole("dialog");
  await dialog.getByRole("combobox").fill("marco");
  await dialog.getByLabel(/nota/i).fill("Chiede di te, è un vecchio cliente");
  await dialog.getByRole("button", { name: "Trasferisci" }).click();
  await expect(marco.getByTestId("offer-card").filter({ hasText: "Vorrei parlare con Marco" })).toBeVisible();
  await marco.getByTestId("accept-offer").click();
  await expect(marco.getByTestId("thread")).toContainText("Chiede di te, è un vecchio cliente");
  await reply(marco, "Eccomi!");
  await until(async () => (await phone(from)).some((m) => m.text.includes("Eccomi!")), "Marco's reply on the phone");
  expect((await phone(from)).some((m) => m.text.includes("vecchio cliente"))).toBe(false);
  await expect(giulia.getByText(/marco/i).first()).toBeVisible();
  await close(marco);
  await endShift(marco);
});

test("A4 a declined offer goes to a colleague, with its reason in the journal", async ({ browser }) => {
  const giulia = await agent(browser, "giulia");
  await sendSMS(number(), "Chi mi risponde?");
  await expect(giulia.getByTestId("offer-card")).toBeVisible();
  const marco = await agent(browser, "marco");
  await giulia.getByTestId("offer-card").getByRole("button", { name: "Rifiuta" }).click();
  await giulia.getByRole("menuitem").first().click();
  await expect(marco.getByTestId("offer-card").filter({ hasText: "Chi mi risponde?" })).toBeVisible();
  await marco.getByTestId("accept-offer").click();
  await marco.getByRole("button", { name: /passaggi/ }).click();
  await expect(marco.getByText(/rifiutat/i).first()).toBeVisible();
  await close(marco);
  await endShift(marco);
});
