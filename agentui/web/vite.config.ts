import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The pages that the gateway serves: the console, and the application inside the chat widget's frame. The widget's loader is built by
// vite.loader.config.ts, because a host page must be able to take it as one classic script.
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const input: Record<string, string> = { console: here("index.html") };
if (existsSync(here("widget.html"))) input.widget = here("widget.html");

export default defineConfig({
  plugins: [svelte()],
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // a data: URL would need a hole in the content security policy
    modulePreload: { polyfill: false },
    rolldownOptions: { input },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
