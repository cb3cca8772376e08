import { expect, test } from "@playwright/test";
import { accept, agent, close, goHome, lines, open, openChat, reply, say, visitor } from "./desk";
import { count, flushRedis, kill, mailbox, phone, sendMail, sendSMS, start, until } from "./outside";

// One mail, one text and one chat, answered in the console; then the power fails.

test.afterEach(goHome);

const unique = () => Math.random().toString(36).slice(2, 8);

test("SD-04 a mail is answered in its thread, and the answer to that comes back to the conversation", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const id = unique();
  const from = `anna-${id}@clienti.test`;
  await sendMail(`Anna Rossi <${from}>`, `Paralume ${id}`, "Buongiorno,\n\nil paralume è arrivato graffiato.\n\nAnna");
  await open(page, `Paralume ${id}`);
  await expect(page.getByTestId("thread")).toContainText("il paralume è arrivato graffiato");
  await expect(page.getByTestId("channel-line")).toContainText(/email|mail/i);
  await reply(page, "Ne spediamo subito uno nuovo.");

  const [answer] = await until(async () => ((await mailbox(from)).length > 0 ? mailbox(from) : undefined), "the reply in the customer's mailbox");
  expect(answer!.text).toContain("Ne spediamo subito uno nuovo.");
  expect(answer!.subject).toContain(`Paralume ${id}`);
  expect(answer!.inReplyTo).not.toBe("");
  expect(answer!.references).toContain(answer!.inReplyTo);

  const before = await count("conversations");
  await sendMail(`Anna Rossi <${from}>`, `Re: Paralume ${id}`, "Grazie, gentilissimi!", answer);
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Grazie, gentilissimi!" })).toBeVisible();
  expect(await count("conversations")).toBe(before);
  await close(page);
});

test("SD-05 a text is offered, answered by text, and its delivery is shown; the same webhook twice is one message", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const number = `+39347${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
  const before = await count("messages");
  await sendSMS(number, "Quando arriva il mio ordine?", 3);
  await accept(page, "Quando arriva il mio ordine?");
  expect(await count("messages")).toBe(before + 1);
  await reply(page, "Domani mattina.");
  await until(async () => (await phone(number)).some((m) => m.text.includes("Domani mattina.")), "the reply on the customer's phone");
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Domani mattina." })).toContainText(/consegnato/i);
  await close(page);
});

test("SD-01 a visitor and an agent chat, and both see all lines after reloading", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const { page: web, chat } = await visitor(browser);
  await say(chat, "Ciao, la Lucciola è disponibile?");
  await accept(page, "Ciao, la Lucciola è disponibile?");
  await reply(page, "Sì, in ambra e in opale.");
  await expect(lines(chat)).toContainText("Sì, in ambra e in opale.");
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Sì, in ambra" })).toContainText(/consegnato|letto/i);

  await page.getByRole("tab", { name: /^Nota/ }).click();
  await page.getByTestId("composer-note").fill("Cliente molto gentile");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Cliente molto gentile" })).toBeVisible();

  await web.reload();
  const again = await openChat(web);
  await expect(lines(again)).toContainText("la Lucciola è disponibile?");
  await expect(lines(again)).toContainText("Sì, in ambra e in opale.");
  await expect(lines(again)).not.toContainText("Cliente molto gentile");
  await page.reload();
  await open(page, "Sì, in ambra");
  await expect(page.getByTestId("thread")).toContainText("Sì, in ambra e in opale.");
  await expect(page.getByTestId("thread")).toContainText("Cliente molto gentile");
});

test("kill -9 between accept and reply: nothing lost, nothing doubled, the console catches up without a reload", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const number = `+39348${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
  await sendSMS(number, "Prima del temporale");
  await accept(page, "Prima del temporale");
  await page.evaluate(() => { (window as unknown as { mark: number }).mark = 1; });
  const before = await count("messages");
  await kill();
  const during = sendSMS(number, "Durante il temporale"); // the provider tries until it is taken
  await page.getByTestId("composer-reply").fill("Scritto al buio");
  await page.getByTestId("send").click();
  await start();
  await during;
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Durante il temporale" })).toBeVisible({ timeout: 45_000 });
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Scritto al buio" })).toContainText(/inviato|consegnato/i, { timeout: 45_000 });
  await until(async () => (await phone(number)).length > 0, "the reply on the phone");
  expect((await phone(number)).filter((m) => m.text.includes("Scritto al buio"))).toHaveLength(1);
  expect(await count("messages")).toBe(before + 2);
  expect(await page.evaluate(() => (window as unknown as { mark: number }).mark)).toBe(1);
  await close(page);
});

test("a flushed Redis is rebuilt within 5 s and every open conversation is where it was", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const number = `+39349${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
  await sendSMS(number, "Prima del vuoto");
  await accept(page, "Prima del vuoto");
  const rows = await page.getByTestId("conversation-row").count();
  await flushRedis();
  await expect(async () => {
    await sendSMS(number, `Dopo il vuoto ${unique()}`);
    await expect(page.getByTestId("timeline-item").filter({ hasText: "Dopo il vuoto" }).first()).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 5000 });
  expect(await page.getByTestId("conversation-row").count()).toBe(rows);
  await expect(page.getByTestId("presence")).toContainText(/disponibile|al completo/i);
  await reply(page, "Siamo ancora qui.");
  await until(async () => (await phone(number)).some((m) => m.text.includes("ancora qui")), "the reply on the phone");
  await close(page);
});
