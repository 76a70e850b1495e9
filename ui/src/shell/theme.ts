export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT_AS = "merpati.theme";
const NAMES: Record<Exclude<Theme, "system">, string> = { light: "merpati", dark: "merpati-malam" };

/** Draw everything in this theme, on this device; `system` follows the machine's. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEPT_AS, theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = NAMES[theme];
}

/** Follow what another tab of this browser chooses. */
export function followTheme(): void {
  addEventListener("storage", ({ key }) => {
    if (key === KEPT_AS) chooseTheme(chosenTheme());
  });
}

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEPT_AS);
  return THEMES.find((one) => one === kept) ?? "system";
}
