/** Handing the user a file that was made in the page. */

export function downloadText(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download reads the address after the click returned.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function downloadJson(name: string, content: unknown): void {
  downloadText(name, JSON.stringify(content, null, 2), "application/json");
}
