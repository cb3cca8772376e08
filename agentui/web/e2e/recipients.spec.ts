import { expect, test, type Page } from "@playwright/test";
import { agent, close, goHome, open } from "./desk";
import { mailbox, sendRaw, until } from "./outside";

// To whom a reply goes, what goes with it, and how it is taken back (N7, REQ-OUT1, REQ-OUT2).

test.afterEach(goHome);

const unique = () => Math.random().toString(36).slice(2, 8);

/** A mail of a customer with somebody in copy. */
async function copied(from: string, cc: string, subject: string): Promise<void> {
  const id = `<${unique()}.${unique()}@clienti.test>`;
  await sendRaw(from, [`From: Anna <${from}>`, "To: aiuto@sportello.test", `Cc: Capo <${cc}>`, `Subject: ${subject}`, `Message-ID: ${id}`, "", "Buongiorno, aiuto."].join("\r\n"));
}

const chips = (page: Page) => page.getByTestId("recipient");

test("N7 recipients are seen and chosen, a stranger must be confirmed, files go along, the subject can be changed", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const [from, cc, other] = [`anna-${id}@clienti.test`, `capo-${id}@clienti.test`, `altro-${id}@clienti.test`];
  await copied(from, cc, `Lampada ${id}`);
  await open(page, `Lampada ${id}`);
  await expect(chips(page)).toHaveText([from]);
  await page.getByRole("button", { name: cc }).click(); // offered, not taken
  await expect(chips(page)).toHaveText([from, cc]);
  await page.locator("#mail-to").fill("nessuno");
  await page.locator("#mail-to").press("Enter");
  await expect(page.getByText("Non è un indirizzo email: nessuno")).toBeVisible();
  await page.locator("#mail-to").fill("");
  await page.getByRole("button", { name: "Ccn", exact: true }).click();
  await page.locator("#mail-bcc").fill(other);
  await page.locator("#mail-bcc").press("Enter");
  await page.getByTestId("composer-reply").fill("Ecco la scheda.");
  await expect(page.getByTestId("send")).toBeDisabled();
  await page.getByRole("button", { name: "Conferma", exact: true }).click();
  await page.getByTestId("files").setInputFiles({ name: "scheda.txt", mimeType: "text/html", buffer: Buffer.from("misure: 20 cm") });
  await expect(page.getByTestId("attached")).toContainText("scheda.txt");
  await page.getByLabel("Oggetto").fill(`Scheda della lampada ${id}`);
  await expect(page.getByTestId("send")).toBeEnabled();
  await page.getByTestId("send").click();
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Ecco la scheda." })).toBeVisible();
  await expect(chips(page)).toHaveText([from]); // the next mail begins anew

  for (const address of [from, cc, other]) {
    const [got] = await until(async () => ((await mailbox(address)).length > 0 ? mailbox(address) : undefined), `the mail for ${address}`);
    expect(got!.subject).toContain(`Scheda della lampada ${id}`);
    expect(JSON.stringify(got)).not.toContain(`${other}>`);
  }
  await close(page);
});

test("N7 a mail is taken back by a key within its time, and never leaves; its text is in the reply again", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const from = `berta-${id}@clienti.test`;
  await copied(from, `x-${id}@clienti.test`, `Vaso ${id}`);
  await open(page, `Vaso ${id}`);
  await page.getByTestId("composer-reply").fill("Troppo in fretta");
  await page.getByTestId("send").click();
  await expect(page.getByRole("complementary", { name: "Avviso" })).toContainText("Email inviata");
  await page.getByTestId("thread").focus();
  await page.keyboard.press("z");
  await expect(page.getByTestId("composer-reply")).toHaveValue("Troppo in fretta");
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Troppo in fretta" })).toContainText("Annullato");
  await page.getByTestId("composer-reply").fill("Con calma");
  await page.getByTestId("send").click();
  const got = await until(async () => ((await mailbox(from)).length > 0 ? mailbox(from) : undefined), "the second mail");
  expect(got.map((m) => m.text).join()).not.toContain("Troppo in fretta");
  await close(page);
});

test("REQ-OUT2 switching between conversations at speed carries nothing from one to another", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const names = ["uno", "due", "tre", "quattro"].map((n) => `${n}-${id}`);
  for (const n of names) await copied(`${n}@clienti.test`, `capo-${n}@clienti.test`, n);
  for (const n of names) {
    await open(page, n);
    await page.getByRole("button", { name: `capo-${n}@clienti.test` }).click();
    await page.getByTestId("composer-reply").fill(`bozza ${n}`);
  }
  for (let i = 0; i < 50; i++) {
    await page.getByTestId("conversation-row").filter({ hasText: names[(i * 7 + (i >> 2)) % names.length]! }).first().click();
  }
  for (const n of names) {
    await open(page, n);
    await expect(page.getByTestId("composer-reply")).toHaveValue(`bozza ${n}`);
    await expect(chips(page)).toHaveText([`${n}@clienti.test`, `capo-${n}@clienti.test`]);
    await close(page);
  }
});
