// ES modules don't look into NODE_PATH; on Lambda they find the packages there all the same.
import { pathToFileURL } from "node:url";
import path from "node:path";

const parents = (process.env.NODE_PATH || "").split(path.delimiter).filter(Boolean);

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || /^[./]|^\w+:/.test(specifier)) throw error;
    for (const folder of parents) {
      const parentURL = pathToFileURL(path.join(path.dirname(folder), "any.mjs")).href;
      try {
        return await next(specifier, { ...context, parentURL });
      } catch {
        // The next folder may have it.
      }
    }
    throw error;
  }
}
