/** Handing the user a file that was made in the page. */

export function downloadJson(name: string, content: unknown): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download reads the address after the click returned.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
