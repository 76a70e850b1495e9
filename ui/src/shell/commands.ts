import type { IconName } from "../components/icons.ts";
import { navigate } from "../routes.ts";
import { signOut } from "../session/session.svelte.ts";
import { updateMe } from "../settings/me.ts";
import type { Key } from "../words/words.svelte.ts";
import { PLACES } from "./menu.ts";

/** What the palette offers. */
export interface Entry {
  label: Key;
  icon: IconName;
  act: () => unknown;
}

export const COMMANDS: readonly Entry[] = [
  ...PLACES.map(({ path, label, icon }) => ({ label, icon, act: () => navigate(path) })),
  { label: "ui.palette.dark", icon: "moon", act: () => updateMe({ theme: "dark" }) },
  { label: "ui.palette.light", icon: "sun", act: () => updateMe({ theme: "light" }) },
  { label: "ui.sign_out", icon: "exit", act: signOut },
];
