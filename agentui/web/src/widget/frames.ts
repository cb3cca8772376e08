// The wire between the widget and the chat server, as channels/chat/frames.go defines it; a test there compares the names. One JSON
// object per text message. Times are UTC milliseconds by the server's clock.

export type InKind =
  | "hello"
  | "identify"
  | "resume"
  | "send"
  | "contact"
  | "typing"
  | "ack"
  | "read"
  | "beat";

/** A frame that the widget sends. Which fields count depends on t. */
export interface InFrame {
  t: InKind;
  token?: string;
  lang?: string;
  jwt?: string;
  epoch?: string;
  seq?: number;
  read?: number;
  id?: string;
  text?: string;
  email?: string;
  phone?: string;
  name?: string;
}

export type OutKind =
  | "welcome"
  | "visit"
  | "identified"
  | "contact"
  | "lines"
  | "ack"
  | "error"
  | "typing"
  | "seen"
  | "beat";

/** A frame that the server sends. Which fields count depends on t; a field that is zero is absent. */
export interface OutFrame {
  t: OutKind;
  time: number;
  token?: string;
  fresh?: boolean;
  epoch?: string;
  open?: boolean;
  reset?: boolean;
  upto?: number;
  lines?: WireLine[];
  id?: string;
  seq?: number;
  code?: string;
  retry?: number;
  name?: string;
}

/** One message of the conversation. */
export interface WireLine {
  seq: number;
  id: string;
  client?: string;
  from: "visitor" | "agent" | "system";
  name?: string;
  text: string;
  at: number;
  state?: string;
  parts?: WirePart[];
}

export interface WirePart {
  name: string;
  type: string;
  size: number;
}

export type ErrorCode =
  | "bad_frame"
  | "token"
  | "identify_first"
  | "identity"
  | "slow_down"
  | "too_long"
  | "empty"
  | "contact"
  | "store"
  | "refused"
  | "too_many"
  | "resume_first";

/** Close codes of channels/socket that the widget acts on; after any other it reconnects. */
export const Close = {
  drain: 4001,
  replaced: 4002,
  unauthorized: 4006,
  limited: 4008,
  ended: 4010,
} as const;
