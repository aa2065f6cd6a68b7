// Runs before the first paint, from a file because the content policy allows no inline script:
// a stored theme must not flash the other one, and screen readers need the right language at once.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("cybervault:theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("cybervault:density") === "compact") root.dataset.density = "compact";
    const stored = localStorage.getItem("cybervault:language");
    const wanted = [stored ?? "", ...navigator.languages.map((tag) => tag.slice(0, 2))];
    root.lang = wanted.find((language) => language === "es" || language === "en") ?? "en";
  } catch {
    // Storage may be forbidden: the system's theme and the page's own language stay.
  }
})();
// While the scripts are on their way: the first question about languages takes a browser some 12 ms, later ones nothing.
setTimeout(() => Intl.DateTimeFormat.supportedLocalesOf("en"));
