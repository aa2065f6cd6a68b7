// Fails the build when the page grows beyond what a slow line should carry (sizes are gzipped bytes).
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIST = new URL("../src/cybervault/faces/console/dist/", import.meta.url);
const LIMITS = { first: 200, lazy: 110, scripts: 450, styles: 20 };

const kilobytes = (name) => gzipSync(readFileSync(new URL(`assets/${name}`, DIST)), { level: 9 }).length / 1000;
const names = readdirSync(new URL("assets/", DIST));
const page = readFileSync(new URL("index.html", DIST), "utf8");
const sum = (list) => list.reduce((total, name) => total + kilobytes(name), 0);

const scripts = names.filter((name) => name.endsWith(".js"));
const first = scripts.filter((name) => page.includes(`/assets/${name}`));
const sizes = {
  first: sum(first),
  lazy: Math.max(0, ...scripts.filter((name) => !first.includes(name)).map(kilobytes)),
  scripts: sum(scripts),
  styles: sum(names.filter((name) => name.endsWith(".css"))),
};
for (const [what, limit] of Object.entries(LIMITS)) {
  console.log(`${what}: ${sizes[what].toFixed(1)} of ${limit} kB`);
}
if (Object.entries(LIMITS).some(([what, limit]) => sizes[what] > limit)) {
  console.error("The console is over its budget.");
  process.exitCode = 1;
}
