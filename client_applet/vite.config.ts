import { defineConfig } from "vite";

// One script for every page (`openline.js`); staff pages and the session come as chunks when they are needed.
export default defineConfig({
  base: "./",
  publicDir: "pages",
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    sourcemap: true,
    rolldownOptions: {
      input: { openline: "src/openline.ts" },
      preserveEntrySignatures: "allow-extension",
      output: {
        // What every page needs stays in one file, also where chunks use it too.
        codeSplitting: { groups: [{ name: "openline", tags: ["$initial"] }] },
        entryFileNames: "[name].js",
        chunkFileNames: "openline-[name]-[hash].js",
      },
    },
  },
});
