import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { preferredLanguage, speak } from "./words/words.svelte.ts";

const target = document.getElementById("app");
if (target === null) throw new Error("the page has no #app");
await speak(preferredLanguage());
mount(App, { target });
