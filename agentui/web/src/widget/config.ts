// What the server tells everybody about a chat inbox, and where its doors are. The frame is served by the same server.

export interface Config {
  account: string;
  name: string;
  locale: string;
  welcome: Record<string, string> | null;
  colour: string;
  origins: string[];
  verified_only: boolean;
}

const door = (inbox: string, what: string) => `/chat/${encodeURIComponent(inbox)}/${what}`;

export async function fetchConfig(inbox: string): Promise<Config> {
  const res = await fetch(door(inbox, "config"), { credentials: "omit" });
  if (!res.ok) throw new Error(`config: ${res.status}`);
  const c = (await res.json()) as Config;
  return { ...c, origins: c.origins ?? [] };
}

export async function fetchVisit(inbox: string, token: string): Promise<string> {
  const res = await fetch(door(inbox, "visit"), {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (!res.ok) throw new Error(`visit: ${res.status}`);
  return ((await res.json()) as { token: string }).token;
}

export function socketURL(inbox: string): string {
  return location.origin.replace(/^http/, "ws") + door(inbox, "socket");
}
