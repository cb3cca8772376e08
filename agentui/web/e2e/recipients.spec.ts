import { expect, test, type Page } from "@playwright/test";
import { accessible, agent, close, endShift, goHome, open } from "./desk";
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

test("REQ-OUT2 fifty switches between twelve conversations while one types carry nothing from one to another, nor does a reload", async ({ browser }) => {
  test.slow();
  const page = await agent(browser, "marco");
  await endShift(page); // he takes what he wants
  const id = unique();
  const names = Array.from({ length: 12 }, (_, i) => `tema-${String.fromCharCode(97 + i)}-${id}`);
  const own = (n: string) => [`${n}@clienti.test`, `capo-${n}@clienti.test`];
  await Promise.all(names.map((n) => copied(own(n)[0]!, own(n)[1]!, n)));
  const written = new Map(names.map((n) => [n, ""]));
  const box = page.getByTestId("composer-reply");
  const row = (n: string) => page.getByTestId("conversation-row").filter({ hasText: n });
  await page.goto("/#/queues");
  const held = page.getByRole("button", { name: /aggiornament/ }).first(); // a list that is looked at does not move by itself
  for (const n of names) {
    await expect(async () => {
      if (await held.isVisible()) await held.click();
      await expect(row(n)).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 30_000 });
    await row(n).click();
    await page.getByTestId("thread").getByRole("button", { name: "Prendi", exact: true }).first().click();
    await page.getByRole("button", { name: own(n)[1]! }).click();
  }
  await page.goto("/#/work");
  for (let i = 0; i < 50; i++) {
    const n = names[(i * 7 + (i >> 2)) % names.length]!;
    await row(n).click();
    await expect(box).toHaveValue(written.get(n)!);
    await box.focus();
    await page.keyboard.press("End");
    await page.keyboard.type(`${n}/${i} `);
    written.set(n, `${written.get(n)}${n}/${i} `);
  }
  await page.reload();
  for (const n of names) {
    await open(page, n);
    await expect(box).toHaveValue(written.get(n)!);
    await expect(chips(page)).toHaveText(own(n));
    await close(page);
  }
});

test("N7 recipients, subject and a half-written address outlive a reload; a mail cannot leave with a bad one, and says why; taking it back brings all of it back", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const [from, cc] = [`dora-${id}@clienti.test`, `capo-${id}@clienti.test`];
  await copied(from, cc, `Specchio ${id}`);
  await open(page, `Specchio ${id}`);
  await page.getByRole("button", { name: cc }).click();
  await page.getByLabel("Oggetto").fill(`Lo specchio ${id}`);
  await page.getByTestId("composer-reply").fill("Con il prezzo nuovo.");
  await page.locator("#mail-to").fill("dora@");
  await page.reload();
  await expect(chips(page)).toHaveText([from, cc]);
  await expect(page.getByLabel("Oggetto")).toHaveValue(`Lo specchio ${id}`);
  await expect(page.getByTestId("composer-reply")).toHaveValue("Con il prezzo nuovo.");
  await expect(page.getByText("Non è un indirizzo email: dora@")).toBeVisible();
  await expect(page.getByTestId("send")).toBeDisabled();
  await expect(page.getByTestId("send")).toHaveAccessibleDescription("Un indirizzo non è valido: correggilo o toglilo");
  await accessible(page);
  await page.locator("#mail-to").fill(`ignota-${id}@altrove.test`);
  await page.locator("#mail-to").press("Enter");
  await expect(page.getByTestId("send")).toHaveAccessibleDescription("Un destinatario è da confermare");
  await accessible(page);
  await page.getByRole("button", { name: `Togli ignota-${id}@altrove.test` }).click();
  await page.getByTestId("send").click();
  const banner = page.getByRole("complementary", { name: "Avviso" });
  await banner.getByRole("button", { name: "Annulla" }).click();
  await expect(page.getByTestId("composer-reply")).toHaveValue("Con il prezzo nuovo.");
  await expect(chips(page)).toHaveText([from, cc]);
  await expect(page.getByLabel("Oggetto")).toHaveValue(`Lo specchio ${id}`);
  await page.getByTestId("send").click();
  await expect(banner).toContainText("Email inviata");
  await accessible(page);
  await until(async () => (await mailbox(cc)).length > 0, "the mail");
  expect((await mailbox(from)).map((m) => m.subject)).toEqual([expect.stringContaining(`Lo specchio ${id}`)]);
  await close(page);
});

test("C10 who signs out is told of what he has not sent, and leaves nothing of it for the next one", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  await copied(`ida-${id}@clienti.test`, `capo-${id}@clienti.test`, `Quadro ${id}`);
  await open(page, `Quadro ${id}`);
  await page.getByTestId("composer-reply").fill("Segreto di Marco");
  const leave = async () => {
    await page.getByRole("button", { name: "Profilo di Marco Riva" }).click();
    await page.getByRole("menuitem", { name: "Esci" }).click();
  };
  await leave();
  await expect(page.getByRole("dialog")).toContainText("Un testo non è stato inviato");
  await accessible(page);
  await page.getByRole("button", { name: "Resta" }).click();
  await expect(page.getByTestId("composer-reply")).toHaveValue("Segreto di Marco");
  await leave();
  await page.getByRole("button", { name: "Esci e cancella" }).click();
  await expect(page.getByRole("button", { name: "Accedi" })).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)))).not.toContain("Segreto");
  const again = await agent(browser, "marco");
  await open(again, `Quadro ${id}`);
  await expect(again.getByTestId("composer-reply")).toHaveValue("");
  await close(again);
});

test("REQ-OUT1 the time in which a mail can be taken back is counted down, and then it is over: it leaves as it was sent", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const from = `lia-${id}@clienti.test`;
  await copied(from, `capo-${id}@clienti.test`, `Cornice ${id}`);
  await open(page, `Cornice ${id}`);
  await page.getByTestId("composer-reply").fill("Parte da sola");
  await page.getByTestId("send").click();
  const banner = page.getByRole("complementary", { name: "Avviso" });
  await expect(banner.getByRole("button", { name: "Annulla" })).toHaveText(/\(\d+\)/);
  const line = page.getByTestId("timeline-item").filter({ hasText: "Parte da sola" });
  await expect(line.getByRole("button", { name: "Annulla invio" })).toBeVisible();
  expect(await mailbox(from)).toEqual([]); // it waits here, not on its way
  await expect(banner).toBeHidden();
  await expect(line.getByRole("button", { name: "Annulla invio" })).toBeHidden();
  await page.getByTestId("thread").focus();
  await page.keyboard.press("z"); // too late
  await expect(line).toContainText("Inviato");
  const got = await until(async () => ((await mailbox(from)).length > 0 ? mailbox(from) : undefined), "the mail");
  expect(got.map((m) => m.text.trim().split("\n")[0])).toEqual([expect.stringContaining("Parte da sola")]);
  await expect(page.getByTestId("composer-reply")).toHaveValue("");
  await close(page);
});

test("N7 all who got a mail are answered at once when one asks for it; many of them do not push the reply off the screen", async ({ browser }) => {
  const page = await agent(browser, "marco");
  const id = unique();
  const from = `gina-${id}@clienti.test`;
  const others = Array.from({ length: 25 }, (_, i) => `persona.${i}.${id}@clienti.test`);
  await sendRaw(from, [`From: Gina <${from}>`, `To: {to}, ${others.join(",\r\n ")}`, `Subject: Comitato ${id}`, `Message-ID: <${id}@clienti.test>`, "", "A tutti."].join("\r\n"));
  await open(page, `Comitato ${id}`);
  await expect(chips(page)).toHaveText([from]);
  await page.getByTestId("mail-fields").getByRole("button", { name: /^Altri \d+$/ }).click();
  await expect(page.getByTestId("mail-fields").getByRole("button", { name: others[24]! })).toBeAttached();
  await page.getByRole("button", { name: "Rispondi a tutti" }).click();
  await expect(chips(page)).toHaveText([from, ...others]);
  await expect(page.getByTestId("send")).toHaveText(/\+25$/);
  await expect(page.getByTestId("send")).toBeInViewport({ ratio: 1 });
  await expect(page.getByTestId("thread").getByRole("heading", { level: 1 })).toBeInViewport({ ratio: 1 });
  await accessible(page);
  await page.getByTestId("composer-reply").fill("Grazie a tutti.");
  await page.getByTestId("send").click();
  await until(async () => (await mailbox(others[24]!)).length > 0, "the mail for the last of them");
  await close(page);
});
