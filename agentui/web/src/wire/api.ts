// Commands and questions by HTTP. An answer of 4xx or 5xx becomes a Refusal with the gateway's stable code; no answer at all becomes
// one with the code "network".

import type { Outcome, Item } from "../console/state/outbox";
import type { Attachment, Message, Problem, ReplyResult } from "./types";

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly body: unknown = null,
    readonly after = 0, // milliseconds to wait before the next attempt, 0 when the gateway did not say
  ) {
    super(code);
  }

  /** Whether the same request may work later without anybody doing something. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export interface Api {
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  /** The head of a raw mail: what stands before its first empty line, at most 256 kB of it. */
  head(path: string): Promise<string>;
  send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** Keeps a file that a message will name. */
  upload(file: Blob, name: string): Promise<Attachment>;
}

/** An API whose commands carry the token that `csrf` gives. `expired` is told when the session has ended. */
export function api(csrf: () => string, expired: () => void): Api {
  const request = async (method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> => {
    const file = body instanceof Blob;
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRF-Token"] = csrf();
    if (body !== undefined) headers["Content-Type"] = file ? "application/octet-stream" : "application/json";
    const response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      body: file || body === undefined ? body : JSON.stringify(body),
      signal: signal ?? AbortSignal.timeout(20_000),
    }).catch(() => {
      throw new Refusal(0, "network");
    });
    if (response.ok) return response;
    const answer: unknown = await response.json().catch(() => null);
    if (response.status === 401 && !path.startsWith("/api/session")) expired();
    const code = (answer as Problem | null)?.code ?? (response.status >= 500 ? "server" : "unexpected");
    throw new Refusal(response.status, code, answer, Number(response.headers.get("Retry-After") ?? 0) * 1000);
  };
  const call = async <T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> => {
    const response = await request(method, path, body, signal);
    return (response.status === 204 ? null : await response.json().catch(() => null)) as T;
  };
  return {
    head: async (path) => beginning(await request("GET", path)),
    get: (path, signal) => call("GET", path, undefined, signal),
    send: (method, path, body) => call(method, path, body),
    upload: (file, name) => call("POST", `/api/files?name=${encodeURIComponent(name)}`, file, AbortSignal.timeout(120_000)),
  };
}

const mostHead = 256 * 1024;

async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let end = -1; reader && end < 0 && text.length < mostHead; ) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    end = text.search(/\r?\n\r?\n/);
    if (end >= 0) text = text.slice(0, end);
    if (done) break;
  }
  void reader?.cancel().catch(() => undefined); // the rest of the mail is not asked for
  return text.slice(0, mostHead);
}

/** Sends an item of the outbox. */
export async function post(a: Api, item: Item): Promise<Outcome> {
  const to = `/api/conversations/${encodeURIComponent(item.conversation)}/${item.mode}`;
  const { client_id, text } = item;
  try {
    if (item.mode === "note") return { t: "done", message: await a.send<Message>("POST", to, { client_id, text }) };
    const body = { client_id, text, seen_seq: item.seen_seq, kind: item.kind || undefined, force: item.force || undefined, ...item.mail };
    return settled(await a.send<ReplyResult>("POST", to, body), "unexpected");
  } catch (e) {
    if (!(e instanceof Refusal)) throw e;
    if (e.passing || e.status === 401) return { t: "again", after: e.after };
    return settled((e.body ?? {}) as ReplyResult, e.code);
  }
}

function settled(result: ReplyResult, code: string): Outcome {
  if (result.done) return { t: "done", message: result.done, until: result.cancel_until ?? "" };
  if (result.held) return { t: "held", held: result.held };
  return { t: "refused", code: result.refused?.code ?? code, verdict: result.refused ?? null };
}
