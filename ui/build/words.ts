import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const CATALOGUE = new URL("../../src/merpati/locale/", import.meta.url);
/** What the pages say; the rest of the catalogue is the server's and the command line's. */
const SPOKEN = /^(ui|error|device|message|timeline)\./;
const ID = /^virtual:words\/(id|en)$/;

/** Each language of the server's catalogue as a module of its own, with the sentences that pages say. */
export function words(): Plugin {
  return {
    name: "merpati-words",
    resolveId: (id) => (ID.test(id) ? `\0${id}` : undefined),
    load(id) {
      const language = id.startsWith("\0") ? ID.exec(id.slice(1))?.[1] : undefined;
      if (language === undefined) return undefined;
      const file = new URL(`${language}.json`, CATALOGUE);
      this.addWatchFile(file.pathname);
      const all = JSON.parse(readFileSync(file, "utf-8")) as Record<string, string>;
      const spoken = Object.fromEntries(Object.entries(all).filter(([key]) => SPOKEN.test(key)));
      return `export default ${JSON.stringify(spoken)};`;
    },
  };
}
