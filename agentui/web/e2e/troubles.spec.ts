import { expect, test, type Page } from "@playwright/test";
import { accessible, agent, close, goHome, open } from "./desk";
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
