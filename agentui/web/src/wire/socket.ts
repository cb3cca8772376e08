// The agent's websocket: says where this console stands, takes what follows, and comes back for ever. It knows nothing of what the
// entries mean. See package router/hub for the frames.
//
// Invariants: entries are handed over in the order of the feed; after a gap that the gateway cannot fill, nothing is handed over until
// the owner has loaded a new start.

import type { ClientFrame, Entry, FeedPosition, ServerFrame, Signal } from "./types";

export type Link = "connecting" | "online" | "offline";

export interface Handlers {
  /** Where the console stands now. */
  position(): FeedPosition;
  /** Loads a new start; afterwards position() tells where it stands. Rejects when it cannot be had now. */
  reset(): Promise<void>;
  entries(entries: Entry[]): void;
  signal(signal: Signal): void;
  ping(offset: number): void;
  stamp(at: number): void;
  link(state: Link): void;
  /** The connection could not be made; the owner may look whether the session still stands. */
  refused(): void;
}

type Connect = (url: string) => WebSocket;

const silence = 15_000; // the gateway pings every 5 s
const longest = 30_000;

export class Feed {
  private socket: WebSocket | null = null;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private attempts = 0;
  private stopped = true;
  private batch: Entry[] = [];

  constructor(
    private readonly url: string,
    private readonly h: Handlers,
    private readonly tab: string = crypto.randomUUID(),
    private readonly connect: Connect = (u) => new WebSocket(u),
    private readonly random: () => number = Math.random,
  ) {}

  /** Connects, and again whenever the connection is lost, until stop. */
  start(): void {
    this.stopped = false;
    this.open();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
    clearTimeout(this.retry);
  }

  /** Tries at once instead of at the next attempt: the network is said to be back, or the page has been woken. */
  hurry(): void {
    if (this.stopped || this.socket) return;
    clearTimeout(this.retry);
    this.open();
  }

  /** Sends a passing sign, if connected. Signs are not kept. */
  send(frame: ClientFrame): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private open(): void {
    const socket = this.connect(this.url);
    let greeted = false;
    this.socket = socket;
    this.h.link("connecting");
    this.watch();
    socket.onopen = () => this.hello();
    socket.onmessage = (e) => {
      if (socket !== this.socket) return;
      this.watch();
      const frame = read(e.data);
      if (frame) greeted = this.take(frame) || greeted;
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      if (!greeted) this.h.refused();
      this.lost();
    };
  }

  private hello(): void {
    const { epoch, offset } = this.h.position();
    this.send({ t: "hello", epoch, offset, tab: this.tab });
  }

  private take(frame: ServerFrame): boolean {
    if (frame.at) this.h.stamp(frame.at);
    switch (frame.t) {
      case "welcome":
        if (frame.reset) void this.h.reset().then(() => this.hello(), () => this.lost());
        else this.welcomed();
        return true;
      case "entry":
        if (this.batch.push(frame.entry) === 1) setTimeout(() => this.flush(), 16);
        return false;
      case "ping":
        this.flush();
        this.h.ping(frame.offset);
        this.send({ t: "ack", offset: this.h.position().offset });
        return false;
      case "signal":
        this.h.signal(frame);
        return false;
      default:
        return false; // a frame of a newer gateway
    }
  }

  private welcomed(): void {
    this.attempts = 0;
    this.h.link("online");
  }

  private flush(): void {
    const entries = this.batch;
    this.batch = [];
    if (entries.length > 0) this.h.entries(entries);
  }

  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lost(), silence);
  }

  private lost(): void {
    this.drop();
    if (this.stopped) return;
    this.h.link("offline");
    const ceiling = Math.min(longest, 500 * 2 ** Math.min(this.attempts++, 6));
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), ceiling * (0.5 + this.random() / 2));
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.flush();
  }
}

function read(data: unknown): ServerFrame | null {
  try {
    const frame: unknown = JSON.parse(String(data));
    return typeof frame === "object" && frame !== null && "t" in frame ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
}
