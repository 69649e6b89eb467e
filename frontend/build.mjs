// Builds the ES modules of src/ into the site's static files. `shell` is on every page, `work` on the staff faces;
// the rest are chunks that `shell` loads only when a page has something for them.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
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

// The designer's sheets stand by themselves: a page without a drawing never asks for them.
const sheets = {
  entryPoints: ["src/designer/bpmn.css", "src/designer/dmn.css", "src/designer/form.css"],
  outdir: `${outdir}/designer`,
  bundle: true,
  minify: true,
  loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty", ".eot": "empty", ".svg": "empty" },
  assetNames: "[name]-[hash]",
  legalComments: "eof",
  logLevel: "info",
};
// Licences that must go with what is handed out.
for (const name of ["bpmn-js", "dmn-js", "@bpmn-io/form-js-editor", "maplibre-gl"]) {
  const file = ["LICENSE", "LICENSE.txt", "LICENSE.md"].map((one) => `node_modules/${name}/${one}`).find(existsSync);
  cpSync(file, `${outdir}/licences/${name.replace("/", "-")}.txt`);
}

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
  await build(sheets);
}
