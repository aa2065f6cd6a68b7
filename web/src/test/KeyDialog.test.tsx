import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { App } from "../App";
import { KEYS_ITEM } from "../lib/keys";

const NAMES = ["OpenRouter", "VirusTotal", "AbuseIPDB", "PolySwarm"];
const stored = () => JSON.parse(localStorage.getItem(KEYS_ITEM) ?? "{}") as Record<string, string>;
const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name, { exact: true });
const press = async (name: string) => userEvent.click(await screen.findByRole("button", { name }));

async function open() {
  await press("Configurar API keys");
  return screen.findByRole("dialog", { name: "API Keys" });
}

beforeEach(() => {
  localStorage.setItem("cybervault:language", "es");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
});

describe("the key dialog", () => {
  test("it has the four fields in order, masked, without completion", async () => {
    render(<App />);
    const dialog = await open();
    const inputs = [...dialog.querySelectorAll<HTMLInputElement>("input:not([type=checkbox])")];
    expect(inputs.map((input) => input.labels?.[0]?.textContent)).toEqual(NAMES);
    expect(inputs.map(({ type }) => type)).toEqual(Array(4).fill("password"));
    expect(inputs.map((input) => input.getAttribute("autocomplete"))).toEqual(Array(4).fill("off"));
  });

  test("saving closes it, keeps the keys and shows the dot", async () => {
    render(<App />);
    await open();
    await userEvent.type(field("VirusTotal"), "vt-1");
    await press("Guardar");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(stored()).toEqual({ openrouter: "", virustotal: "vt-1", abuseipdb: "", polyswarm: "" });
    expect(screen.getByTestId("keys-dot")).toBeTruthy();
  });

  test.each(["Cancelar", "Cerrar"])("%s changes nothing, and reopening shows what is stored, masked", async (way) => {
    localStorage.setItem(KEYS_ITEM, '{"virustotal":"old"}');
    render(<App />);
    await open();
    await userEvent.type(field("VirusTotal"), "-new");
    await press(way);
    expect(stored()).toEqual({ virustotal: "old" });
    await open();
    expect([field("VirusTotal").value, field("VirusTotal").type]).toEqual(["old", "password"]);
  });

  test("Escape changes nothing", async () => {
    render(<App />);
    await open();
    await userEvent.type(field("OpenRouter"), "x{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(localStorage.getItem(KEYS_ITEM)).toBeNull();
  });

  test("clearing empties all four and the dot goes", async () => {
    localStorage.setItem(KEYS_ITEM, '{"openrouter":"a","polyswarm":"b"}');
    render(<App />);
    expect(await screen.findByTestId("keys-dot")).toBeTruthy();
    await open();
    await press("Limpiar todas");
    expect(Object.values(stored())).toEqual(["", "", "", ""]);
    expect(screen.queryByTestId("keys-dot")).toBeNull();
  });

  test("a key can be shown and hidden", async () => {
    localStorage.setItem(KEYS_ITEM, '{"openrouter":"secret"}');
    render(<App />);
    const dialog = await open();
    const [show] = [...dialog.querySelectorAll("button")].filter(({ textContent }) => textContent === "Mostrar");
    if (show) await userEvent.click(show);
    expect(field("OpenRouter").type).toBe("text");
    await press("Ocultar");
    expect(field("OpenRouter").type).toBe("password");
  });

  test("broken content in storage shows empty fields", async () => {
    localStorage.setItem(KEYS_ITEM, "{broken");
    render(<App />);
    await open();
    expect(NAMES.map((name) => field(name).value)).toEqual(["", "", "", ""]);
  });

  test("a key that no header can carry is refused with a reason", async () => {
    render(<App />);
    await open();
    await userEvent.type(field("OpenRouter"), "clave con ñ");
    await press("Guardar");
    expect(screen.getByText(/sin espacios/)).toBeTruthy();
    expect(localStorage.getItem(KEYS_ITEM)).toBeNull();
  });

  test("keys for this tab only are not kept in the browser", async () => {
    render(<App />);
    await open();
    await userEvent.type(field("PolySwarm"), "ps");
    await userEvent.click(screen.getByRole("checkbox"));
    await press("Guardar");
    expect(localStorage.getItem(KEYS_ITEM)).toBeNull();
    expect(sessionStorage.getItem(KEYS_ITEM)).toContain("ps");
  });

  test("keys that vanish in another tab take the dot with them", async () => {
    localStorage.setItem(KEYS_ITEM, '{"openrouter":"a"}');
    render(<App />);
    expect(await screen.findByTestId("keys-dot")).toBeTruthy();
    localStorage.clear();
    window.dispatchEvent(new Event("storage"));
    await waitFor(() => expect(screen.queryByTestId("keys-dot")).toBeNull());
  });
});
