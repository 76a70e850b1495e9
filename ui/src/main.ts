import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { followOthers } from "./session/session.svelte.ts";
import { followTheme } from "./shell/theme.ts";
import { followLanguage, preferredLanguage, speak } from "./words/words.svelte.ts";

const target = document.getElementById("app");
if (target === null) throw new Error("the page has no #app");
await speak(preferredLanguage());
followLanguage();
followTheme();
followOthers();
mount(App, { target });
