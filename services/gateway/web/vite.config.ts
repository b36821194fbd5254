import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

const gateway = process.env["GATEWAY_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [preact()],
  build: { target: "es2022", sourcemap: false, chunkSizeWarningLimit: 600 },
  server: { proxy: { "/api": gateway, "/ws": { target: gateway, ws: true } } },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
});
