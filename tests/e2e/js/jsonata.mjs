// Evaluates JSONata with the language's reference implementation, for the tests to compare with.
// Reads {data, expressions} as JSON from stdin, writes one outcome for each expression:
// {value} | {undefined: true} | {function: true} | {error: code}

import jsonata from "jsonata";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { data, expressions } = JSON.parse(text);

const outcomes = [];
for (const expression of expressions) {
  try {
    const value = await jsonata(expression).evaluate(undefined, structuredClone(data));
    if (value === undefined) outcomes.push({ undefined: true });
    else if (typeof value === "function" || value?._jsonata_lambda || value?._jsonata_function) {
      outcomes.push({ function: true });
    } else outcomes.push({ value });
  } catch (error) {
    outcomes.push({ error: error.code ?? "none" });
  }
}
process.stdout.write(JSON.stringify(outcomes));
