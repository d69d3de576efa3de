// Bundles each widget into nanogpt_lib/static/: one JavaScript module and one style sheet, which is all that a
// browser gets of it. `node nanogpt_lib/build.mjs FOLDER` writes into another folder.
//
// A widget is NAME.js and NAME.css in kit/ or widgets/. A module that widgets share may have a style sheet beside
// it; its rules come with it, bound to the widget: a copy that came later, with another widget, would otherwise
// overrule what this one's own sheet made of them. `:where` counts nothing, so the order of a widget's own rules
// and the shared ones stays as written.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build, transform } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WINGS = ["nanogpt_lib/kit", "nanogpt_lib/widgets"];
const OPTIONS = { target: "es2022", charset: "utf8" };

/** Everything that a module is made with, itself last; `inputs` is esbuild's own list of who imports what. */
function madeWith(path, inputs, found = new Set()) {
  for (const { path: imported } of inputs[path].imports) madeWith(imported, inputs, found);
  return found.add(path);
}

async function bundled(source) {
  const name = basename(source, ".js");
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: [source],
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    metafile: true,
    write: false,
  });
  const sheets = [...madeWith(source, metafile.inputs)]
    .map((path) => path.replace(/\.js$/, ".css"))
    .filter((path) => existsSync(join(ROOT, path)));
  const rules = sheets.map((path) => {
    const own = readFileSync(join(ROOT, path), "utf8");
    return basename(path, ".css") === name ? own : `:where([data-widget="${name}"]) {\n${own}}\n`;
  });
  const sheet = await transform(rules.join("\n"), { ...OPTIONS, loader: "css", logLevel: "warning" });
  return { [`${name}.js`]: outputFiles[0].text, [`${name}.css`]: sheet.code };
}

const folder = resolve(process.argv[2] ?? join(ROOT, "nanogpt_lib/static"));
const sources = WINGS.flatMap((wing) =>
  readdirSync(join(ROOT, wing))
    .filter((file) => file.endsWith(".js"))
    .map((file) => `${wing}/${file}`),
);
const files = Object.assign({}, ...(await Promise.all(sources.map(bundled))));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
