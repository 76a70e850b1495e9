import type { IconName } from "../components/icons.ts";
import type { Key } from "../words/words.svelte.ts";

export interface Place {
  path:
    | "/"
    | "/send"
    | "/messages"
    | "/devices"
    | "/rotators"
    | "/requests"
    | "/webhooks"
    | "/keys"
    | "/simulator"
    | "/settings";
  label: Key;
  icon: IconName;
}

/** The main menu: groups of places, each group under its word. */
export const MENU: readonly { label?: Key; places: readonly Place[] }[] = [
  { places: [{ path: "/", label: "ui.menu.home", icon: "home" }] },
  {
    label: "ui.menu.messages",
    places: [
      { path: "/send", label: "ui.menu.send", icon: "send" },
      { path: "/messages", label: "ui.menu.history", icon: "history" },
      { path: "/rotators", label: "ui.menu.rotators", icon: "rotate" },
    ],
  },
  {
    label: "ui.menu.technical",
    places: [
      { path: "/devices", label: "ui.menu.devices", icon: "device" },
      { path: "/webhooks", label: "ui.menu.webhooks", icon: "plug" },
      { path: "/keys", label: "ui.menu.keys", icon: "key" },
      { path: "/requests", label: "ui.menu.requests", icon: "list" },
      { path: "/simulator", label: "ui.menu.simulator", icon: "simulator" },
      { path: "/settings", label: "ui.menu.settings", icon: "settings" },
    ],
  },
];

export const PLACES: readonly Place[] = MENU.flatMap((group) => group.places);
/** What a thumb reaches; the rest is under "more". */
export const BOTTOM: readonly Place["path"][] = ["/", "/send", "/messages", "/devices"];

/** Whether a page is this place, or a part of it. */
export function isPlace(pathname: string, path: Place["path"]): boolean {
  const here = pathname.replace(/^\/app(?=\/|$)/, "").replace(/\/$/, "");
  return path === "/" ? here === "" : here === path || here.startsWith(`${path}/`);
}
