import { expect, test } from "@playwright/test";
import { accept, agent, close, goHome, lines, open, reply, say, visitor } from "./desk";
import { identity, phone, sendMail, sendSMS, until } from "./outside";

// One customer on several channels, and what he allows.

test.afterEach(goHome);

const digits = () => String(Math.floor(Math.random() * 1e7)).padStart(7, "0");

test("SD-07 the timeline of a customer who used mail, chat and SMS shows all three, and SD-14 the preferred channel is used when the chat is gone", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const number = `+39340${digits()}`;
  const email = `paola-${digits()}@clienti.test`;
  await sendMail(`Paola Greco <${email}>`, "Reso della Maestrale", "Vorrei restituirla.");
  await open(page, "Reso della Maestrale");
  await close(page);

  const { page: web, chat } = await visitor(browser);
  const token = await identity("Paola Greco", email, number);
  await web.evaluate((t) => (window as unknown as { Chat: (...a: unknown[]) => void }).Chat("identify", t), token);
  await say(chat, "Avete ricevuto la mia mail?");
  await accept(page, "Avete ricevuto la mia mail?");
  await expect(page.getByTestId("customer-panel")).toContainText("Paola Greco");
  await expect(page.getByTestId("thread")).toContainText("Reso della Maestrale");

  await page.getByTestId("customer-panel").getByLabel("Canale preferito").selectOption("sms");
  await web.close();
  await expect(page.getByTestId("channel-line")).toContainText(/sms/i, { timeout: 75_000 });
  await reply(page, "Sì, il reso è approvato.");
  await until(async () => (await phone(number)).some((m) => m.text.includes("il reso è approvato")), "the reply by SMS");

  await sendSMS(number, "Perfetto, grazie!");
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Perfetto, grazie!" })).toBeVisible();
  await expect(page.getByTestId("thread")).toContainText("Avete ricevuto la mia mail?");
  await close(page);
});

test("M-20 a customer who texted STOP gets no SMS, and the agent reads why before sending", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const number = `+39341${digits()}`;
  await sendSMS(number, "Buongiorno, una domanda");
  await accept(page, "Buongiorno, una domanda");
  await sendSMS(number, "STOP");
  await expect(page.getByTestId("timeline-item").filter({ hasText: "STOP" })).toBeVisible();
  await expect(page.getByTestId("channel-line")).toContainText(/Niente SMS: ha chiesto di non ricevere/i);
  const sent = (await phone(number)).length;
  await page.getByTestId("composer-reply").fill("Questo non deve partire");
  await expect(page.getByTestId("send")).toBeDisabled();
  expect((await phone(number)).filter((m) => m.text.includes("non deve partire"))).toHaveLength(0);
  expect((await phone(number)).length).toBe(sent);
  await close(page);
});
