import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The loader: one classic script without dependencies, at dist/loader/v1.js. Its name is part of the snippet on customers' websites
// and never changes; it is therefore never hashed.
export default defineConfig({
  publicDir: false,
  build: {
    target: "es2020",
    outDir: "dist/loader",
    emptyOutDir: true,
    lib: {
      entry: fileURLToPath(new URL("src/loader/index.ts", import.meta.url)),
      name: "SportelloLoader",
      formats: ["iife"],
      fileName: () => "v1.js",
    },
  },
});
