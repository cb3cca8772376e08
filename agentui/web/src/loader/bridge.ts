// What the loader on the host page and the application in the frame say to each other. They meet once by postMessage with exact
// origins on both sides, where the loader hands over one end of a MessageChannel; everything else goes through that.

/** The loader's only window message, sent to the frame's exact origin with the port. */
export const hello = "sportello:connect";

/** From the loader to the application. */
export type ToApp =
  | {
      t: "init";
      inbox: string;
      lang: string;
      /** What the host page's first-party storage holds for this inbox. */
      store: Record<string, string>;
      /** Whether what is put there survives the page. */
      persistent: boolean;
      /** Whether the host page can say who the visitor is. */
      identity: boolean;
    }
  /** full: the chat covers the whole page, as on a phone. */
  | { t: "open"; full: boolean }
  | { t: "close" }
  | { t: "compose"; text: string }
  | { t: "identity" }
  | { t: "jwt"; jwt: string }
  | { t: "logout" };

/** From the application to the loader. */
export type ToLoader =
  | { t: "ready"; colour: string }
  | { t: "close" }
  | { t: "unread"; n: number }
  | { t: "put"; key: string; value: string }
  | { t: "del"; key: string }
  | { t: "wipe" }
  | { t: "jwt?" }
  | { t: "event"; name: EventName; data?: unknown }
  | { t: "gone" };

export type EventName =
  | "ready"
  | "open"
  | "close"
  | "unread"
  | "message"
  | "conversation"
  | "identified"
  | "error";
