import { createRouter } from "sv-router";
import Shell from "./shell/Shell.svelte";

export const BASE = "/app";

/** Pages in parentheses are drawn without the menu around them. */
export const { p, navigate, isActive, route } = createRouter({
  "/": () => import("./home/Home.svelte"),
  "/devices": () => import("./devices/Devices.svelte"),
  "/devices/:id": () => import("./devices/Devices.svelte"),
  "/send": () => import("./send/Send.svelte"),
  "/messages": () => import("./messages/Messages.svelte"),
  "/messages/:id": () => import("./messages/Messages.svelte"),
  "/requests": () => import("./requests/Requests.svelte"),
  "/requests/:id": () => import("./requests/Requests.svelte"),
  "/webhooks": () => import("./webhooks/Webhooks.svelte"),
  "/webhooks/:id": () => import("./webhooks/Webhooks.svelte"),
  "/rotators": () => import("./rotators/Rotators.svelte"),
  "/keys": () => import("./keys/Keys.svelte"),
  "/simulator": () => import("./simulator/Simulator.svelte"),
  "/settings": () => import("./settings/Settings.svelte"),
  "/more": () => import("./shell/More.svelte"),
  "/(login)": () => import("./session/Login.svelte"),
  "/setup/(:token)": () => import("./session/Setup.svelte"),
  "/(components)": () => import("./components/gallery/Gallery.svelte"),
  "*": () => import("./shell/NotFound.svelte"),
  layout: Shell,
});

/** The id that the address names: `NaN` for what is none as we write them (`0x1`), nothing where it names none. */
export function openedId(): number | undefined {
  const written = route.params["id"];
  if (written === undefined) return undefined;
  const id = /^[1-9]\d*$/.test(written) ? Number(written) : NaN;
  return Number.isSafeInteger(id) ? id : NaN;
}
