import { expect, test, type Page } from "@playwright/test";
import { accessible, agent, close, goHome, open, reply } from "./desk";
import { mailbox, sendMail, sendRaw, until } from "./outside";

// What an agent sees of the mails of strangers, sent through real mail servers.

test.afterEach(goHome);

const unique = () => Math.random().toString(36).slice(2, 8);
const head = (subject: string, more: string, name = "Elena Fabbri") =>
  `From: ${name} <{from}>\nTo: {to}\nSubject: ${subject}\nDate: {date}\nMessage-ID: <{id}@clienti.test>\nMIME-Version: 1.0\n${more}\n`;
const last = (page: Page) => page.getByTestId("timeline-item").filter({ has: page.locator("article") }).last();
const frame = (page: Page) => page.frameLocator('iframe[title^="Email originale"]');
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

test("E-43 a mail is shown as it was laid out: nothing runs, and nothing is fetched before the agent asks", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const asked: string[] = [];
  await page.context().route(/canary\.test/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ contentType: "image/png", body: Buffer.from(png, "base64") });
  });
  page.on("dialog", () => asked.push("a script ran"));
  const subject = `Offerta ${unique()}`;
  const from = `elena-${unique()}@clienti.test`;
  const html = `<body background="http://canary.test/bg.png" onload="alert(1)"><script>alert(1)</script><style>@import "http://canary.test/a.css";</style>
<p style="position:fixed;background:url(http://canary.test/b.png)">Guardi la lampada</p><img src=x onerror="alert(1)">
<img src="http://canary.test/lampada.png" width="120" height="80"><img src="http://canary.test/open?u=1" width="1" height="1">
<p>Paghi su <a href="https://evil.example.com/">www.banca.it</a></p><iframe src="http://canary.test/f"></iframe><svg onload="alert(1)"></svg>
<div class="gmail_quote"><div class="gmail_attr">Il giorno 3 nov 2026 Bottega ha scritto:</div><blockquote type="cite">Che cosa desidera?</blockquote></div></body>`;
  await sendRaw(from, head(subject, "Content-Type: text/html; charset=utf-8\n") + html);
  await open(page, subject);
  await page.getByRole("button", { name: "Versione originale" }).click();
  await expect(frame(page).getByText("Guardi la lampada")).toBeVisible();
  await expect(frame(page).getByText("[evil.example.com]")).toBeVisible();
  await expect(frame(page).getByText("Che cosa desidera?")).toBeHidden();
  await frame(page).getByText("Mostra testo citato").click();
  await expect(frame(page).getByText("Che cosa desidera?")).toBeVisible();
  expect(asked).toEqual([]);

  await page.getByRole("button", { name: `Mostra sempre da ${from}` }).click();
  await until(async () => asked.length > 0, "the picture that was asked for");
  expect([...new Set(asked)]).toEqual(["http://canary.test/lampada.png"]);
  await page.reload();
  await page.getByRole("button", { name: "Versione originale" }).click();
  await expect(page.getByRole("button", { name: `Non mostrare più da ${from}` })).toBeVisible();
  await expect(page.getByRole("button", { name: "Mostra immagini" })).toBeHidden();
  await close(page);
});

test("E-44 quoted text is folded and never gone; E-39 E-45 pictures of the text are in the text, files are listed, and all come in one archive", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const id = unique();
  const lines = Array.from({ length: 40 }, (_, i) => `Riga ${i + 1}: la lampada del nonno.`).join("\n");
  await sendMail(`Rita <rita-${id}@clienti.test>`, `Storia ${id}`, `${lines}\n\nIl giorno 10 nov 2026 Bottega ha scritto:\n> Ci racconta la storia?\n`);
  const part = (type: string, name: string, how = "attachment") =>
    `--m\nContent-Type: ${type}; name="${name}"\nContent-Disposition: ${how}; filename="${name}"\nContent-Transfer-Encoding: base64\n`;
  const raw =
    head(`Misure ${id}`, 'Content-Type: multipart/mixed; boundary="m"\n') +
    '--m\nContent-Type: text/html; charset=utf-8\n\n<p>Ecco il salotto</p><img src="cid:foto@casa" width="40">\n' +
    `${part("image/png", "salotto.png", "inline")}Content-ID: <foto@casa>\n\n${png}\n` +
    `${part("image/png", "cucina.png")}\n${png}\n` +
    `${part("text/html", "pagina.html")}\n${Buffer.from("<script>alert(1)</script>").toString("base64")}\n--m--\n`;
  await sendRaw(`elena-${id}@clienti.test`, raw);

  await open(page, `Storia ${id}`);
  await expect(last(page)).toContainText("Riga 12:");
  await expect(last(page)).not.toContainText("Riga 13:");
  await page.getByRole("button", { name: "Mostra tutto" }).click();
  await expect(last(page)).toContainText("Riga 40:");
  await expect(last(page)).not.toContainText("Ci racconta la storia?");
  await page.getByRole("button", { name: "Mostra testo citato" }).click();
  await expect(last(page)).toContainText("Ci racconta la storia?");
  await close(page);

  await open(page, `Misure ${id}`);
  const files = page.getByRole("list", { name: "Allegati" });
  await expect(files.getByRole("listitem")).toHaveCount(2);
  await expect(files.getByRole("img", { name: "Anteprima di cucina.png" })).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Scarica tutti" }).click()]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  const file = await page.request.get((await files.getByRole("link", { name: /pagina\.html/ }).getAttribute("href"))!);
  expect(file.headers()["content-disposition"]).toContain("attachment");
  expect(file.headers()["content-security-policy"]).toContain("sandbox");
  await page.getByRole("button", { name: "Versione originale" }).click();
  await expect(frame(page).locator('img[src^="data:image/png;base64,"]')).toBeVisible();
  await close(page);
});

test("E-33 a delivery report is a card, and the very message says that it did not arrive", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const id = unique();
  const from = `piero-${id}@clienti.test`;
  await sendMail(`Piero <${from}>`, `Consegna ${id}`, "Quando arriva?");
  await open(page, `Consegna ${id}`);
  await reply(page, "Domani mattina.");
  const [answer] = await until(async () => ((await mailbox(from)).length > 0 ? mailbox(from) : undefined), "the reply in the customer's mailbox");
  const report =
    `From: Mail Delivery System <MAILER-DAEMON@mx.clienti.test>\nTo: {to}\nSubject: Undelivered Mail Returned to Sender\nDate: {date}\n` +
    `Message-ID: <{id}@mx.clienti.test>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n` +
    `Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\nContent-Type: text/plain\n\nYour mail could not be delivered.\n` +
    `--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.clienti.test\n\nFinal-Recipient: rfc822; ${from}\nAction: failed\n` +
    `Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: ${answer!.messageId}\n` +
    `From: support@sportello.test\nTo: ${from}\nSubject: Re: Consegna ${id}\n\nDomani mattina.\n--b--\n`;
  await sendRaw("", report);
  await expect(page.getByTestId("timeline-item").filter({ hasText: "Domani mattina." })).toContainText("Non consegnato: l’indirizzo non esiste");
  const card = page.getByTestId("bounce");
  await expect(card).toContainText(from);
  await expect(card).toContainText("la casella non esiste");
  await close(page);
});

test("E-30 a newsletter is one line, E-47 warnings are words, E-41 an invitation and a mail without readable words are cards; all are accessible in light and dark", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const id = unique();
  const list = "List-Id: <news.clienti.test>\nReply-To: altro@altrove.test\nContent-Type: text/plain; charset=utf-8\n";
  await sendRaw(`news-${id}@clienti.test`, `${head(`Saldi ${id}`, list, "Bottega")}Solo fino a domenica.\n`);
  const event =
    "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:{id}\nDTSTAMP:20261120T090000Z\nDTSTART:20261126T093000Z\nDTEND:20261126T103000Z\n" +
    "SUMMARY:Sopralluogo\nLOCATION:Via Torino 12\nORGANIZER;CN=Sara Bianchi:mailto:sara@clienti.test\nATTENDEE;PARTSTAT=ACCEPTED:mailto:luca@clienti.test\n" +
    "END:VEVENT\nEND:VCALENDAR\n";
  const invitation = `--c\nContent-Type: text/plain\n\nLe propongo giovedì.\n--c\nContent-Type: text/calendar; method=REQUEST; name="invito.ics"\n\n${event}--c--\n`;
  await sendRaw(`sara-${id}@clienti.test`, head(`Invito ${id}`, 'Content-Type: multipart/alternative; boundary="c"\n') + invitation);
  await sendRaw(`rotto-${id}@clienti.test`, head(`Ordine ${id}`, "Content-Type: text/html; charset=utf-8\n") + "<div>\n".repeat(700));
  await open(page, `Saldi ${id}`);
  await expect(last(page)).not.toContainText("Solo fino a domenica.");
  await page.getByRole("button", { name: new RegExp(`Newsletter Saldi ${id}`) }).click();
  await expect(last(page)).toContainText("Solo fino a domenica.");
  await expect(last(page)).toContainText("Chiede risposte a un indirizzo diverso dal suo.");
  await expect(last(page)).toContainText("Il nome del mittente imita il nostro, ma l’indirizzo non è nostro.");
  await accessible(page);
  await close(page);

  await open(page, `Invito ${id}`);
  const card = page.getByRole("region", { name: "Invito", exact: true });
  await expect(card).toContainText("Sopralluogo");
  await expect(card).toContainText(/giovedì 26 novembre 2026.*10:30.*11:30/);
  await card.getByText("1 invitato").click();
  await expect(card).toContainText("accetta");
  await expect(card.getByRole("link", { name: "Scarica .ics" })).toBeVisible();
  await accessible(page);
  await close(page);

  await open(page, `Ordine ${id}`);
  await expect(page.getByTestId("unread-mail")).toContainText("Questa mail non si può leggere");
  await expect(page.getByTestId("unread-mail").getByRole("link", { name: "Scarica l’originale" })).toBeVisible();
  await accessible(page);
  await close(page);
});

test("E-43 pictures are let in once, and for that once only", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const asked: string[] = [];
  await page.context().route(/canary\.test/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ contentType: "image/png", body: Buffer.from(png, "base64") });
  });
  const subject = `Catalogo ${unique()}`;
  await sendRaw(`elena-${unique()}@clienti.test`, head(subject, "Content-Type: text/html; charset=utf-8\n") + '<p>Ecco il lume</p><img src="http://canary.test/lume.png" width="300" height="200">');
  await open(page, subject);
  await page.getByRole("button", { name: "Versione originale" }).click();
  await expect(frame(page).getByText("Ecco il lume")).toBeVisible();
  expect(asked).toEqual([]);
  await page.getByRole("button", { name: "Mostra immagini" }).click();
  await until(async () => asked.length > 0, "the picture that was asked for");
  await expect(page.getByRole("button", { name: "Mostra immagini" })).toBeHidden();
  await page.reload();
  await page.getByRole("button", { name: "Versione originale" }).click();
  await expect(frame(page).getByText("Ecco il lume")).toBeVisible();
  await expect(page.getByRole("button", { name: "Mostra immagini" })).toBeVisible();
  expect(asked).toHaveLength(1);
  await close(page);
});

test("E-25 a conversation is begun with the sender of a mail that was passed on, once, and each leads to the other", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  const id = unique();
  const [sister, chiara] = [`anna-${id}@clienti.test`, `chiara-${id}@clienti.test`];
  const passed = `Vi passo la mail di Chiara.\n\n---------- Messaggio inoltrato ---------\nDa: Chiara Rossi <${chiara}>\nData: ven 20 nov 2026 alle ore 18:21\nOggetto: Lampada rotta ${id}\nA: Anna <${sister}>\n\nLa lampada si e rotta.\nChiara\n`;
  await sendRaw(sister, head(`I: Lampada rotta ${id}`, "Content-Type: text/plain; charset=utf-8\n", "Anna Rossi") + passed);
  await open(page, `I: Lampada rotta ${id}`);
  await page.getByRole("button", { name: "Apri una conversazione con Chiara Rossi" }).click();
  await expect(page.getByTestId("thread").getByRole("heading", { level: 1 })).toHaveText("Chiara Rossi");
  await expect(page.getByTestId("recipient")).toHaveText([chiara]);
  await expect(page.getByTestId("thread")).toContainText("La lampada si e rotta.");
  await reply(page, "Gliela cambiamo.");
  await until(async () => (await mailbox(chiara)).length > 0, "the answer to whom it concerns");
  expect(await mailbox(sister)).toEqual([]);
  await close(page);
  await open(page, `I: Lampada rotta ${id}`);
  await expect(page.getByRole("button", { name: "Apri una conversazione con" })).toBeHidden();
  await page.getByRole("button", { name: /^Conversazione #/ }).first().click();
  await expect(page.getByTestId("thread").getByRole("heading", { level: 1 })).toHaveText("Chiara Rossi");
  await open(page, `I: Lampada rotta ${id}`);
  await close(page);
});

test("E-45 many files are shown by their first; a mail's head, original and address are had, and it is printed whole", async ({ browser }) => {
  const page = await agent(browser, "giulia");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write", "notifications"]);
  const id = unique();
  const from = `elena-${id}@clienti.test`;
  const files = Array.from({ length: 30 }, (_, i) => `--m\nContent-Type: text/plain; name="scheda ${i}.txt"\nContent-Disposition: attachment; filename="scheda ${i}.txt"\n\nuno\n`).join("");
  const text = `--m\nContent-Type: text/plain; charset=utf-8\n\nLe schede.\n\nIl giorno 3 nov 2026 Bottega ha scritto:\n> Quante sono?\n`;
  await sendRaw(from, head(`Schede ${id}`, 'X-Giro: lungo\nContent-Type: multipart/mixed; boundary="m"\n') + `${text}${files}--m--\n`);
  await open(page, `Schede ${id}`);
  const list = page.getByRole("list", { name: "Allegati" });
  await expect(list.getByRole("listitem")).toHaveCount(12);
  await page.getByRole("button", { name: "Mostra altri 18 allegati" }).click();
  await expect(list.getByRole("listitem")).toHaveCount(30);
  await expect(list.getByRole("link").nth(12)).toBeFocused();

  await expect(last(page)).toContainText(from); // whoever calls himself what he likes
  const menu = page.getByTestId("letter-menu").last();
  await menu.click();
  await accessible(page);
  await page.getByRole("menuitem", { name: /^Copia l’indirizzo/ }).click();
  await expect(page.getByRole("complementary", { name: "Avviso" })).toContainText(`Copiato: ${from}`);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(from);
  await menu.click();
  await page.getByRole("menuitem", { name: "Mostra le intestazioni" }).click();
  await expect(page.getByTestId("headers")).toContainText("X-Giro: lungo");
  await expect(page.getByTestId("headers")).not.toContainText("Le schede.");
  await accessible(page);
  await page.keyboard.press("Escape");
  await menu.click();
  const [original] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Scarica l’originale" }).click()]);
  expect(original.suggestedFilename()).toMatch(/\.eml$/);
  await page.evaluate(() => (window.print = () => document.body.setAttribute("data-printing", "")));
  await menu.click();
  await page.getByRole("menuitem", { name: "Stampa" }).click();
  await expect(page.locator("body[data-printing]")).toBeAttached();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByTestId("paper")).toBeVisible();
  for (const part of [`Elena Fabbri <${from}>`, `Schede ${id}`, "Le schede.", "> Quante sono?", "scheda 29.txt"]) await expect(page.getByTestId("paper")).toContainText(part);
  await expect(page.getByTestId("thread")).toBeHidden();
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.emulateMedia({ media: null });
  await expect(page.getByTestId("paper")).not.toBeAttached();
  await close(page);
});
