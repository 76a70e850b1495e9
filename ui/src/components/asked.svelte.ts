import { createSubscriber, SvelteSet } from "svelte/reactivity";
import { Problem } from "../api/problem.ts";
import { t } from "../words/words.svelte.ts";
import { say } from "./toasts.svelte.ts";

/** Something that is asked of the server by a form or a button: whether it is on its way, and what was refused. */
export interface Asked {
  readonly isBusy: boolean;
  /** What is wrong with each field, by its name in the API; a form draws a field by reading its name here. */
  readonly fields: Readonly<Record<string, string>>;
  /** What is wrong with the whole, or with what the form does not draw; empty when its fields say it all. */
  readonly refused: string;
  /** Do it, once at a time; true when it was done. Without a form the refusal is said at the foot of the page. */
  run: (act: () => Promise<unknown>) => Promise<boolean>;
}

/** Call it while a component is set up. */
export function asked({ inForm = true }: { inForm?: boolean } = {}): Asked {
  let isBusy = $state(false);
  let problem = $state.raw<Problem | undefined>();
  const drawn = new SvelteSet<string>();
  const drawing: Record<string, () => void> = {};

  /** A field is drawn for as long as something that is on the page reads it. */
  function draw(name: string): void {
    drawing[name] ??= createSubscriber(() => {
      drawn.add(name);
      return () => drawn.delete(name);
    });
    drawing[name]();
  }

  async function run(act: () => Promise<unknown>): Promise<boolean> {
    if (isBusy) return false;
    isBusy = true;
    problem = undefined;
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (inForm) problem = error;
      else say(sentenceOf(error), { tone: "error" });
      return false;
    } finally {
      isBusy = false;
    }
  }

  return {
    get isBusy() {
      return isBusy;
    },
    get fields() {
      return new Proxy<Readonly<Record<string, string>>>(problem?.fields ?? {}, {
        get(fields, name: string) {
          draw(name);
          return fields[name];
        },
      });
    },
    get refused() {
      if (problem === undefined) return "";
      const wrong = Object.entries(problem.fields);
      if (wrong.length === 0) return sentenceOf(problem);
      return wrong
        .filter(([name]) => !drawn.has(name))
        .map(([, sentence]) => sentence)
        .join(" ");
    },
    run,
  };
}

/** What a problem says to people. */
export function sentenceOf(problem: Problem): string {
  return problem.code === "offline" ? t("ui.offline.short") : problem.message;
}
