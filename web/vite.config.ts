import { appendFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import localesPlugin from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const DIST = new URL("../src/cybervault/faces/console/dist/", import.meta.url);
const EARLY = fileURLToPath(new URL("src/early.js", import.meta.url));

/** Puts src/early.js before everything else as a classic, blocking script of its own. */
function earlyScript(): Plugin {
  let reference = "";
  let isBuild = false;
  return {
    name: "cybervault-early-script",
    configResolved(config) {
      isBuild = config.command === "build";
    },
    buildStart() {
      if (!isBuild) return;
      reference = this.emitFile({ type: "asset", name: "early.js", source: readFileSync(EARLY) });
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, context) {
        const emitted = Object.values(context.bundle ?? {}).find((file) => file.fileName.includes("assets/early-"));
        const src = isBuild ? `/${emitted?.fileName ?? reference}` : "/src/early.js";
        return [{ tag: "script", attrs: { src, nonce: "__CSP_NONCE__" }, injectTo: "head-prepend" }];
      },
    },
  };
}

/**
 * Has the browser read every function of the first page while its scripts arrive, beside the page: nearly all run at
 * once, and each would be read when it is first called (V8's explicit compile hints; to other browsers a comment).
 */
function readAhead(): Plugin {
  return {
    name: "cybervault-read-ahead",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const first = Object.values(bundle).filter((file) => file.type === "chunk" && file.isEntry);
        for (const file of first) {
          if (file.type !== "chunk") continue;
          file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
          const others = file.imports.flatMap((name) => bundle[name] ?? []);
          first.push(...others.filter((other) => !first.includes(other)));
        }
      },
    },
  };
}

/** Adds the licences of what is copied and not bundled to the list, which by itself knows scripts only. */
function copiedLicences(): Plugin {
  const copied = {
    "@fontsource-variable/inter": ["LICENSE"],
    "@fontsource-variable/jetbrains-mono": ["LICENSE"],
    "swagger-ui-dist": ["NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"],
  };
  return {
    name: "cybervault-copied-licences",
    apply: "build",
    closeBundle() {
      for (const [from, files] of Object.entries(copied)) {
        const folder = new URL(`node_modules/${from}/`, import.meta.url);
        const { name, version, license } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
        const text = files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\n\n");
        appendFileSync(new URL("licenses.md", DIST), `\n## ${name} - ${version} (${license})\n\n${text}`);
      }
    },
  };
}

export default defineConfig({
  plugins: [
    earlyScript(),
    copiedLicences(),
    readAhead(),
    react(),
    { ...localesPlugin.vite({ locales: ["en-US", "es-ES"] }), enforce: "pre" },
  ],
  // The server replaces the placeholder by a fresh value in every answer.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: fileURLToPath(DIST),
    emptyOutDir: true,
    // data: fonts and scripts would need holes in the content policy.
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    target: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What the first page takes from others lies in two pieces: cut up by who else uses it, it would pack worse,
        // and in a single one nothing is read while the rest is still on its way.
        codeSplitting: {
          groups: [
            { name: "frame", test: /node_modules\/(?:react|react-dom|scheduler|@tanstack)\//, priority: 2 },
            { name: "kit", test: /node_modules\//, tags: ["$initial"], priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
