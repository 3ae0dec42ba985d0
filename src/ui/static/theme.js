// @ts-check
// Sets the chosen colours before the first paint; a classic script, loaded in the head.
// Without a choice the system's `prefers-color-scheme` decides.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("ringdex.theme");
  } catch {
    // Storage can be forbidden; then the system's colours stay.
  }
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset.theme = chosen;
  }
})();
