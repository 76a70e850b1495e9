// Before anything is drawn: the theme chosen on this device, so that a dark page never flashes light.
const chosen = localStorage.getItem("merpati.theme");
if (chosen === "light") document.documentElement.dataset.theme = "merpati";
if (chosen === "dark") document.documentElement.dataset.theme = "merpati-malam";
