// Adds the sentences and defaults of schemas to the types of options, for editors and API pages: writes them
// as comments into the built declarations. A part of `npm run build`.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { root } from "./steps.mjs";

/** Marks a file that has its comments; it may stand before a source map's comment. */
const mark = "\n//# documentedOptions";

for (const path of declarations()) {
  const text = readFileSync(path, "utf8");
  if (!text.includes("z.ZodObject<{") || text.endsWith(mark)) continue;
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const module = await import(pathToFileURL(path.replace(/\.d\.ts$/, ".js")).href);
  const insertions = statements.flatMap((statement) => [
    ...schemasIn(statement).flatMap(({ name, shape }) => commentsOn(shape, module[name])),
    ...expansionOf(statement),
  ]);
  const edited = insertions
    .sort((a, b) => b.at - a.at)
    .reduce((done, { at, added }) => done.slice(0, at) + added + done.slice(at), text);
  writeFileSync(path, edited + mark);
}

/** Declarations of all packages, except those whose sources were removed. */
function declarations() {
  const packages = join(root, "packages");
  return readdirSync(packages).flatMap((name) => {
    const [built, sources] = ["dist", "src"].map((folder) => join(packages, name, folder));
    if (!existsSync(built)) return []; // not published
    return readdirSync(built, { recursive: true })
      .filter((file) => file.endsWith(".d.ts"))
      .filter((file) => existsSync(join(sources, file.replace(/\.d\.ts$/, ".ts"))))
      .map((file) => join(built, file));
  });
}

/** Schemas that a statement exports, and the types of their shapes. */
function schemasIn(statement) {
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ name, type }) => {
    const shape = shapeOf(type);
    return shape ? [{ name: name.getText(), shape }] : [];
  });
}

/** The `{...}` of the first `ZodObject<{...}>` in a type, also where other types wrap it. */
function shapeOf(type) {
  if (!type || !ts.isTypeReferenceNode(type)) return undefined;
  const [inner] = type.typeArguments ?? [];
  if (!type.typeName.getText().endsWith("ZodObject")) return shapeOf(inner);
  return inner && ts.isTypeLiteralNode(inner) ? inner : undefined;
}

/** Adds a comment to every option, and to those of nested objects. */
function commentsOn(shape, schema) {
  const options = definitionOf(schema).shape ?? {};
  return shape.members.filter(ts.isPropertySignature).flatMap((member) => {
    const option = options[member.name.text];
    const inner = shapeOf(member.type);
    return [
      { at: member.getStart(), added: commentOn(option) },
      ...(inner ? commentsOn(inner, option) : []),
    ];
  });
}

/** On the option's own line, so that source maps of declarations stay correct. */
function commentOn(option) {
  const text = descriptionOf(option);
  if (!text) return "";
  const { type, defaultValue } = option.def;
  const isPlain = type === "default" && typeof defaultValue !== "function";
  const tag = isPlain ? ` @default ${JSON.stringify(defaultValue)}` : "";
  return `/** ${text.replaceAll("*/", "* /")}${tag} */ `;
}

/** TypeDoc lists the properties of a type that is `@interface`, and does not follow `z.input` otherwise. */
function expansionOf(statement) {
  if (!ts.isTypeAliasDeclaration(statement)) return [];
  const [comment] = ts.getJSDocCommentsAndTags(statement);
  if (!comment || !statement.type.getText().startsWith("z.input<")) return [];
  return [{ at: comment.getEnd() - "*/".length, added: "@interface " }];
}

function descriptionOf(option) {
  return option?.description ?? (option?.def?.innerType && descriptionOf(option.def.innerType));
}

/** Definition of the schema inside of optional(), default() and the like. */
function definitionOf(schema) {
  const { def = {} } = schema ?? {};
  return def.innerType ? definitionOf(def.innerType) : def;
}
