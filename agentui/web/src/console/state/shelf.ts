// The outbox's shelf in IndexedDB: one store of items by client id.

import type { AgentID } from "../../wire/types";
import type { Item, Shelf } from "./outbox";

const store = "outbox";

/** Opens the shelf of this browser. Rejects where IndexedDB may not be used. */
export async function openShelf(factory: IDBFactory, name = "sportello"): Promise<Shelf> {
  const opening = factory.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(store, { keyPath: "client_id" });
  const db = await answer(opening);

  const run = async <T>(mode: IDBTransactionMode, ask: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const tx = db.transaction(store, mode);
    const result = await answer(ask(tx.objectStore(store)));
    if (mode === "readwrite") await committed(tx);
    return result;
  };
  return {
    load: async (agent: AgentID) => {
      const all = await run<Item[]>("readonly", (s) => s.getAll());
      return all.filter((i) => i.agent === agent).sort((a, b) => a.order - b.order);
    },
    put: async (item: Item) => void (await run("readwrite", (s) => s.put(item))),
    remove: async (clientID: string) => void (await run("readwrite", (s) => s.delete(clientID))),
  };
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
}
