// Builds the ES modules of src/ into the site's static files. `shell` is on every page, `work` on the staff faces;
// the rest are chunks that `shell` loads only when a page has something for them.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { build, context } from "esbuild";

const outdir = "../tongzheng/site/static/built";
rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });

const maplibre = "node_modules/maplibre-gl/dist";
cpSync(`${maplibre}/maplibre-gl-worker.mjs`, `${outdir}/maplibre-worker.js`);
cpSync(`${maplibre}/maplibre-gl.css`, `${outdir}/maplibre.css`);

const options = {
  entryPoints: ["src/shell.js", "src/work.js"],
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  sourcemap: false,
  legalComments: "eof",
  chunkNames: "chunks/[name]-[hash]",
  logLevel: "info",
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
}
