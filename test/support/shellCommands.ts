/** The commands of a shell script as words: without comments, quotes, redirections and what sets variables. */
export function shellCommands(script: string): string[][] {
  const commands: string[][] = [];
  for (const line of script.replaceAll(/\\\n\s*/g, " ").split("\n")) {
    let command: string[] = [];
    const end = () => {
      const first = command.findIndex((word) => !/^\w+=/.test(word));
      if (first >= 0) commands.push(command.slice(first));
      command = [];
    };
    for (const [text, double, single] of line.matchAll(tokens)) {
      if (text.startsWith("#")) break;
      if (/^(\||\|\||&&|;|&)$/.test(text)) end();
      else if (double !== undefined) command.push(double);
      else if (single !== undefined) command.push(single);
      else if (text !== "") command.push(text);
    }
    end();
  }
  return commands.map(withoutRedirections);
}

/** A comment, an operator, a quoted text, or a word. */
const tokens = /#.*|\|\||&&|[|;&]|"([^"]*)"|'([^']*)'|[<>]|[^\s"'|;&<>]+/g;

function withoutRedirections(words: readonly string[]): string[] {
  return words.filter(
    (word, index) => !/^[<>]$/.test(word) && !/^[<>]$/.test(words[index - 1] ?? ""),
  );
}
