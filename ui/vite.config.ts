import { svelte } from "@sveltejs/vite-plugin-svelte";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vitest/config";
import { words } from "./build/words.ts";

const server = process.env.MERPATI_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/app/",
  plugins: [tailwindcss(), svelte(), words()],
  build: {
    outDir: "../src/merpati/web/dist",
    emptyOutDir: true,
    license: true,
    manifest: true,
    target: "es2022",
  },
  server: { proxy: { "/api": server } },
  ...(process.env.VITEST ? { resolve: { conditions: ["browser"] } } : {}),
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
});
