import type { describeProgram } from "@metalearn/cli";
import { code } from "./values.js";

type Command = ReturnType<typeof describeProgram>;

/** The page of the command line: arguments and options of every command. */
export function commandsPage(program: Command): string {
  const shared = table(
    "option",
    program.options.map(({ flags, description }) => [flags, description]),
  );
  const sections = leaves(program).map((command) => {
    const words = [...path(command), ...command.registeredArguments.map(usage)].join(" ");
    return [
      `## \`${path(command).slice(1).join(" ")}\``,
      `${sentence(command.description())}`,
      `\`\`\`sh\n${words}\n\`\`\``,
      table("argument or option", [
        ...command.registeredArguments.map((argument) => [usage(argument), argument.description]),
        ...command.options
          .filter(({ hidden }) => !hidden)
          .map(({ flags, description }) => [flags, description]),
      ] as [string, string][]),
    ].join("\n\n");
  });
  return [sentence(program.description()), "Every command takes:", shared, ...sections].join(
    "\n\n",
  );
}

/** The commands that do something, in the order of the help. */
export function leaves(command: Command): Command[] {
  const below = command.createHelp().visibleCommands(command) as Command[];
  const own = below.filter((other) => other.name() !== "help");
  return own.length === 0 ? [command] : own.flatMap(leaves);
}

function path(command: Command): string[] {
  return command.parent ? [...path(command.parent as Command), command.name()] : [command.name()];
}

function usage(argument: Command["registeredArguments"][number]): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  return [`| ${title} | meaning |`, "| --- | --- |"]
    .concat(
      rows.map(
        ([name, meaning]) =>
          `| ${name.split(", ").map(code).join(", ")} | ${meaning.replaceAll("<", "&lt;")} |`,
      ),
    )
    .join("\n");
}
