import { expect, test, type Page } from "@playwright/test";
import { accessible, agent, close, goHome, open, reply } from "./desk";
import { cutLine, mailbox, orders, sendMail, sendMailTo, sendRaw, until } from "./outside";

// What goes wrong with mail, as people are told of it.

test.afterEach(goHome);
test.afterEach(() => cutLine(false));

const unique = () => Math.random().toString(36).slice(2, 8);

/** A console to which every failure is ten minutes older than it is: nobody is told of one that lasts less than five. */
async function impatient(page: Page): Promise<void> {
  await page.route("**/api/health/channels", async (route) => {
    const answer = await route.fetch();
    const all = (await answer.json()) as { since?: string }[];
    const older = all.map((h) => (h.since ? { ...h, since: new Date(Date.parse(h.since) - 600_000).toISOString() } : h));
    await route.fulfill({ response: answer, json: older });
  });
}

test("REQ-EM2 a mailbox that is down is told of in plain words, and no more when it is up; its mail was only late", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  await impatient(page);
  await cutLine(true);
  await sendMail(`Ugo <ugo-${id}@clienti.test>`, `Durante il guasto ${id}`, "Mi leggete?");
  const banner = page.getByTestId("accounts");
  await expect(async () => {
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // as whoever comes back to the tab
    await expect(banner).toContainText("support: il server non è raggiungibile", { timeout: 1000 });
  }).toPass({ timeout: 30_000 });
  await expect(banner).toContainText("Si riprova; nulla va perso.");
  await accessible(page);
  await cutLine(false);
  await expect(banner).toBeHidden({ timeout: 60_000 });
  await open(page, `Durante il guasto ${id}`);
  await close(page);
});

test("N10 an exchange of machines is stopped, with the reason in its conversation; E-35 a report about nothing known is on the page of delivery problems", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const robot = `presa-${id}@clienti.test`;
  const words = `Gentile cliente, la sua richiesta ${id} è stata assegnata a un collega, che le scrive entro due giorni.`;
  await sendMailTo(orders, `Ricezione <${robot}>`, `Presa ${id} prima`, words);
  await until(async () => (await mailbox(robot)).length > 0, "the acknowledgement", 40);
  await sendMailTo(orders, `Ricezione <${robot}>`, `Presa ${id} seconda`, words);
  await open(page, `Presa ${id} seconda`);
  const card = page.getByTestId("stopped");
  await expect(card).toContainText(`Interrotto uno scambio automatico con ${robot}, perché l’altra parte risponde ancora con le stesse parole`);
  await expect(card).toContainText("Quelle di una persona partono sempre.");
  await accessible(page);
  await close(page);
  await open(page, `Presa ${id} prima`);
  await close(page);
  expect(await mailbox(robot)).toHaveLength(1);

  const lost = `ignoto-${id}@clienti.test`;
  await sendRaw("", `From: Microsoft Outlook <MicrosoftExchange329e71@clienti.test>\nTo: {to}\nSubject: Non recapitabile: Offerta\nDate: {date}\nMessage-ID: <{id}@mx.clienti.test>\n\n` +
    `Impossibile recapitare il messaggio ai seguenti destinatari:\n\n${lost}\nLa casella del destinatario è piena.\n#552 5.2.2 mailbox full ##\n`);
  const manager = await agent(browser, "carla", false);
  const told = manager.getByRole("listitem").filter({ hasText: lost });
  await expect(async () => {
    await manager.getByRole("button", { name: /^Il mio lavoro/ }).click();
    await manager.getByRole("button", { name: "Problemi di consegna" }).click(); // it is asked for anew
    await expect(told).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 40_000 });
  await expect(told).toContainText("Non consegnato: la casella è piena");
  await expect(told).toContainText("riguarda un messaggio che non conosciamo");
  const stopped = manager.getByRole("listitem").filter({ hasText: robot });
  await expect(stopped).toContainText("l’altra parte risponde ancora con le stesse parole");
  await accessible(manager);
  await stopped.getByRole("button", { name: `Consenti di nuovo messaggi automatici a ${robot}` }).click();
  await expect(stopped).toBeHidden();
  await told.getByRole("button", { name: /^Apri la conversazione #/ }).press("Enter");
  await expect(manager.getByTestId("bounce")).toContainText(lost);
});

test("E-49 one of several recipients is refused at once: the mail says so, and so does the page of delivery problems", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const [from, gone] = [`eva-${id}@clienti.test`, `andata-${id}@refused.test`];
  await sendRaw(from, `From: Eva <${from}>\nTo: {to}\nCc: ${gone}\nSubject: Divano ${id}\nDate: {date}\nMessage-ID: <{id}@clienti.test>\n\nQuando arriva?\n`);
  await open(page, `Divano ${id}`);
  await page.getByRole("button", { name: gone }).click();
  await reply(page, "Arriva lunedi.");
  const mail = page.getByTestId("timeline-item").filter({ hasText: "Arriva lunedi." });
  await expect(mail.getByTestId("bounce").getByRole("listitem").filter({ hasText: gone })).toContainText("Non consegnato: la casella non esiste");
  await expect(mail.getByTestId("bounce").getByRole("listitem").filter({ hasText: from })).toContainText("Inviato");
  await accessible(page);
  expect(await until(async () => ((await mailbox(from)).length > 0 ? mailbox(from) : undefined), "the mail for the other one")).toHaveLength(1);

  await page.getByRole("button", { name: "Problemi di consegna" }).click();
  const told = page.getByRole("listitem").filter({ hasText: gone });
  await expect(told).toContainText("Non consegnato: la casella non esiste");
  await expect(told).toContainText("5.1.1");
  await expect(told).toContainText("Un altro destinatario l’ha ricevuta.");
  await expect(told).not.toContainText(from);
  await accessible(page);
  const kinds = page.getByRole("group", { name: "Quali problemi" });
  await kinds.getByRole("button", { name: "Tornati indietro" }).click();
  await expect(told).toBeHidden();
  await kinds.getByRole("button", { name: "Rifiutati all’invio" }).click();
  await expect(told).toBeVisible();
  await expect(kinds.getByRole("button", { name: "Rifiutati all’invio" })).toHaveAttribute("aria-pressed", "true");
  await told.getByRole("button", { name: /^Apri la conversazione #/ }).click();
  await expect(mail).toBeVisible();
  await close(page);
});

test("A15 a mail that could not leave is sent again from where it stands, and one that was refused is written anew", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const [from, right] = [`olga-${id}@refused.test`, `olga-${id}@clienti.test`];
  await sendRaw(from, `From: Olga <${from}>\nTo: {to}\nCc: ${right}\nSubject: Sedia ${id}\nDate: {date}\nMessage-ID: <{id}@clienti.test>\n\nE la sedia?\n`);
  await open(page, `Sedia ${id}`);
  await page.route("**/api/conversations/*/reply", (route) => route.fulfill({ status: 422, contentType: "application/problem+json", body: '{"status":422,"code":"no_account"}' }), { times: 1 });
  await page.getByTestId("composer-reply").fill("Arriva.");
  await page.getByTestId("send").click();
  const line = page.getByTestId("timeline-item").filter({ hasText: "Arriva." });
  await expect(line).toContainText("Non inviato · Non abbiamo un account su questo canale.");
  await accessible(page);
  await line.getByRole("button", { name: "Riprova" }).click();
  await expect(line).toContainText("Non consegnato: l’indirizzo non esiste");
  await expect(line).toHaveCount(1);
  await line.getByRole("button", { name: "Riscrivi" }).click();
  await expect(page.getByTestId("composer-reply")).toHaveValue("Arriva.");
  await expect(page.getByTestId("composer-reply")).toBeFocused();
  await close(page);
});

test("E-13 mails that were held back are tried again at a manager's word", async ({ browser }) => {
  const manager = await agent(browser, "carla", false);
  await manager.route("**/api/health/channels", async (route) => {
    const answer = await route.fetch();
    const all = (await answer.json()) as { account: string }[];
    await route.fulfill({ response: answer, json: all.map((h) => (h.account === "support" ? { ...h, ok: false, code: "held", held: 2 } : h)) });
  });
  const banner = manager.getByTestId("accounts");
  await expect(async () => {
    await manager.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await expect(banner).toContainText("support: 2 messaggi non sono stati acquisiti", { timeout: 1000 });
  }).toPass({ timeout: 30_000 });
  await accessible(manager);
  const [asked] = await Promise.all([manager.waitForResponse(/\/api\/health\/channels\/support\/retry$/), banner.getByRole("button", { name: "Riprova ora" }).click()]);
  expect(asked.status()).toBe(204);
  await expect(manager.getByRole("complementary", { name: "Avviso" })).toContainText("Si riprova entro qualche minuto.");
});
