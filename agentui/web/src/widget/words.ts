// What the widget says. Both languages have the same keys: the type of one is the type of the other.

import type { BubbleState } from "./talk";

const it = {
  chat: "Chat",
  welcome: "Ciao! Come possiamo aiutarti?",
  log: "Conversazione",
  you: "Tu",
  system: "Messaggio di servizio",
  write: "Scrivi un messaggio",
  send: "Invia",
  close: "Chiudi la chat",
  today: "Oggi",
  yesterday: "Ieri",
  typing: "{name} sta scrivendo…",
  typingSomeone: "Stanno scrivendo…",
  connecting: "Connessione in corso…",
  offline: "Connessione assente. I messaggi partono da soli appena torna.",
  stopped: "La chat è aperta altrove.",
  resume: "Riprendi qui",
  locked: "Per scriverci accedi prima al sito con il tuo account.",
  failed: "Questa chat non è disponibile in questo momento. Riprova tra poco.",
  again: "Riprova",
  remove: "Elimina",
  ended: "Conversazione conclusa. Scrivi per riaprirla.",
  files: "Allegato: {name}",
  contactAsk: "Se esci, dove ti rispondiamo?",
  contactLabel: "Email o telefono",
  contactHint: "Serve solo per continuare questa conversazione.",
  contactSave: "Salva",
  contactNo: "No, grazie",
  contactBad: "Controlla l’indirizzo: scrivi un’email come nome@esempio.it o un numero di telefono.",
  contactDone: "Se esci ti rispondiamo a {address}.",
  notKept: "Questo browser non conserva la conversazione: se lasci la pagina non la ritrovi.",
  waiting: "In attesa",
  sending: "Invio in corso",
  sent: "Inviato",
  delivered: "Consegnato",
  read: "Letto",
  notSent: "Non inviato",
  errorTooLong: "Non inviato: il messaggio è troppo lungo.",
  errorRefused: "Non inviato: il messaggio non può essere accettato.",
};

export type Words = typeof it;

const en: Words = {
  chat: "Chat",
  welcome: "Hello! How can we help?",
  log: "Conversation",
  you: "You",
  system: "Service message",
  write: "Write a message",
  send: "Send",
  close: "Close chat",
  today: "Today",
  yesterday: "Yesterday",
  typing: "{name} is typing…",
  typingSomeone: "Someone is typing…",
  connecting: "Connecting…",
  offline: "No connection. Messages leave by themselves as soon as it is back.",
  stopped: "The chat is open somewhere else.",
  resume: "Continue here",
  locked: "Please sign in on the website to write to us.",
  failed: "This chat is not available at the moment. Please try again soon.",
  again: "Try again",
  remove: "Delete",
  ended: "Conversation ended. Write to reopen it.",
  files: "Attachment: {name}",
  contactAsk: "If you leave, where should we reply?",
  contactLabel: "Email or phone",
  contactHint: "Used only to continue this conversation.",
  contactSave: "Save",
  contactNo: "No, thanks",
  contactBad: "Please check the address: write an email like name@example.com or a phone number.",
  contactDone: "If you leave, we reply to {address}.",
  notKept: "This browser does not keep the conversation: you lose it when you leave the page.",
  waiting: "Waiting",
  sending: "Sending",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  notSent: "Not sent",
  errorTooLong: "Not sent: the message is too long.",
  errorRefused: "Not sent: the message cannot be accepted.",
};

export const languages: Record<"it" | "en", Words> = { it, en };

export function wordsFor(lang: string): Words {
  return lang.toLowerCase().startsWith("en") ? en : it;
}

/** Puts values into a sentence. */
export function fill(s: string, values: Record<string, string>): string {
  return s.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
}

export function stateWord(w: Words, s: BubbleState | "", code: string): string {
  switch (s) {
    case "":
      return "";
    case "failed":
      return code === "too_long" ? w.errorTooLong : code === "refused" ? w.errorRefused : w.notSent;
    default:
      return w[s];
  }
}
