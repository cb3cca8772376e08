import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { accept, agent, close, goHome, lines, say, visitor } from "./desk";
import { sendSMS } from "./outside";

test.afterEach(goHome);

test("M01 a manager changes a rule and it is in force at once", async ({ browser }) => {
  const manager = await agent(browser, "carla", false);
  await manager.goto("/#/rules");
  await manager.getByRole("button", { name: "Aggiungi regola" }).click();
  const rule = manager.getByRole("region", { name: /^Regola 1:/ });
  await rule.getByLabel("Nome della regola").fill("Messaggi con urgente");
  await rule.getByLabel("Quando").fill('text contains "urgente"');
  await rule.getByLabel("Priorità").fill("90");
  await manager.getByLabel("Che cosa cambia e perché").fill("Prova");
  await manager.getByRole("button", { name: "Pubblica" }).click();
  await expect(manager.getByText(/Versione \d+ pubblicata/).first()).toBeVisible();

  const page = await agent(browser, "giulia");
  await sendSMS(`+39342${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`, "È urgente!");
  await accept(page, "È urgente!");
  await page.getByRole("button", { name: "3 passaggi" }).click();
  await page.getByRole("button", { name: "Perché?" }).first().click();
  await expect(page.getByText("Messaggi con urgente").first()).toBeVisible();
  await close(page);
});

test("C14 a reply over a colleague's unseen message is held", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const { chat } = await visitor(browser);
  await say(chat, "Posso avere un preventivo?");
  await accept(page, "Posso avere un preventivo?");
  const manager = await agent(browser, "carla", false);
  const url = page.url();
  await manager.goto(url);
  await expect(manager.getByTestId("thread")).toBeVisible();
  await page.route("**/api/socket", (route) => route.abort());
  await page.context().setOffline(true);
  await manager.getByTestId("composer-reply").fill("Rispondo io dalla direzione");
  await manager.getByTestId("send").click();
  await expect(lines(chat)).toContainText("Rispondo io dalla direzione");
  await page.getByTestId("composer-reply").fill("Rispondo io");
  await page.getByTestId("send").click();
  await page.context().setOffline(false);
  await expect(page.getByRole("region", { name: "Risposta trattenuta" })).toContainText("Rispondo io dalla direzione");
  await expect(lines(chat)).not.toContainText(/^Rispondo io$/);
});

for (const scheme of ["light", "dark"] as const) {
  test(`the console and the widget have no accessibility violations (${scheme})`, async ({ browser }) => {
    const page = await agent(browser, "giulia");
    await page.emulateMedia({ colorScheme: scheme });
    await sendSMS(`+39343${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`, "Accessibile?");
    await accept(page, "Accessibile?");
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    expect((await new AxeBuilder({ page }).withTags(tags).analyze()).violations).toEqual([]);
    const { page: web, chat } = await visitor(browser);
    await web.emulateMedia({ colorScheme: scheme });
    await expect(lines(chat)).toBeAttached();
    expect((await new AxeBuilder({ page: web }).withTags(tags).analyze()).violations).toEqual([]);
    await close(page);
  });
}
