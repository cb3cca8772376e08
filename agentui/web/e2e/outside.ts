// The world outside the gateway, as the harness of cmd/gateway offers it: customers' mail and phones, and the power switch.

const base = process.env.E2E_OUTSIDE ?? "";
export const site = process.env.E2E_SITE ?? "";

export interface Mail {
  from: string;
  to: string;
  subject: string;
  text: string;
  messageId: string;
  inReplyTo: string;
  references: string;
  replyTo: string;
}

async function call<T>(path: string, body?: unknown): Promise<T> {
  const answer = await fetch(base + path, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** A customer sends a mail through the real mail server; answer is what is answered, if anything. */
export const sendMail = (from: string, subject: string, text: string, answer?: Mail) =>
  call<void>("/mail", { from, subject, text, answer });

/** Sends a whole mail as it is written; {from}, {to}, {date} and {id} are filled in. */
export const sendRaw = (from: string, raw: string) => call<void>("/mail", { from, raw });

/** The mailbox that acknowledges what comes. */
export const orders = "ordini@sportello.test";

/** Sends a mail to one of our mailboxes besides the first. */
export const sendMailTo = (to: string, from: string, subject: string, text: string) => call<void>("/mail", { from, to, subject, text });

/** Cuts the line to the first mailbox, or mends it. */
export const cutLine = (cut: boolean) => call<void>("/line", { cut });

/** The customer's mailbox, oldest first. */
export const mailbox = (address: string) => call<Mail[]>(`/mailbox?address=${encodeURIComponent(address)}`);

/** A customer sends a text; the provider signs and delivers it. times > 1 delivers the same text again. */
export const sendSMS = (from: string, text: string, times = 1) => call<void>("/sms", { from, text, times });

/** What the provider took for a number, oldest first. */
export const phone = (number: string) => call<{ text: string; status: string }[]>(`/phone?number=${encodeURIComponent(number)}`);

/** kill -9 the gateway. */
export const kill = () => call<void>("/kill", {});

/** Start it again, and wait until it is ready. */
export const start = () => call<void>("/start", {});

/** Empty the gateway's Redis. */
export const flushRedis = () => call<void>("/flush", {});

/** Counts straight from the record. */
export const count = (what: "messages" | "conversations" | "outbox") => call<{ n: number }>(`/count?of=${what}`).then((c) => c.n);

/** An identity token of the website for a customer. */
export const identity = (name: string, email: string, phone: string) => call<{ token: string }>("/identity", { name, email, phone }).then((t) => t.token);

/** Polls until probe answers something. */
export async function until<T>(probe: () => Promise<T | undefined | false>, what: string, seconds = 20): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const got = await probe();
    if (got) return got;
    if (Date.now() > end) throw new Error(`still not after ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
