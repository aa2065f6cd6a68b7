import { describe, expect, test, vi } from "vitest";
import { en } from "../i18n/en";
import { es } from "../i18n/es";
import { firstLanguage, formatsOf } from "../i18n/language";

type Tree = { [name: string]: unknown };

/** Every text with its path; functions are called so that what they say is compared too. */
function textsOf(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const here = `${path}.${name}`;
    if (typeof value === "function") {
      const given = Array.from({ length: value.length }, (_, at) => at + 2);
      return [[here, String(value(...given))]] as [string, string][];
    }
    return typeof value === "string" ? [[here, value] as [string, string]] : textsOf(value as Tree, here);
  });
}

// What stands beside a page, under the name of its folder.
const pages = Object.entries(
  import.meta.glob<Record<string, Record<"en" | "es", Tree>>>("../pages/**/texts.ts", { eager: true }),
).flatMap(([path, module]) =>
  Object.values(module)
    .filter((texts) => typeof texts === "object")
    .map((texts) => [path.split("/").slice(2, -1).join("/"), texts] as const),
);
const all = (language: "en" | "es", shared: Tree): Tree => ({
  ...shared,
  ...Object.fromEntries(pages.map(([page, texts]) => [`pages/${page}`, texts[language]])),
});
const english = textsOf(all("en", en));
const spanish = new Map(textsOf(all("es", es)));

describe("the two languages", () => {
  test("both have the same texts, and none is empty", () => {
    expect([...spanish.keys()]).toEqual(english.map(([path]) => path));
    expect([...english, ...spanish].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  test("sentences are translated", () => {
    const same = english.filter(([path, text]) => text.split(" ").length > 2 && spanish.get(path) === text);
    expect(same.map(([path]) => path)).toEqual([
      ".chips.address",
      ".pages/response.asked",
      ".pages/settings/keys.rotation.hoursMinutes",
    ]);
  });

  test("functions use all they are given", () => {
    for (const [path, text] of english) {
      const numbers = text.match(/[2-5]/g) ?? [];
      expect(spanish.get(path)?.match(/[2-5]/g) ?? [], path).toHaveLength(numbers.length);
    }
  });

  test("the labels that the contract fixes are literal", () => {
    expect([es.keys.title, en.keys.title]).toEqual(["API Keys", "API Keys"]);
    expect([es.keys.save, es.keys.clearAll, es.keys.cancel]).toEqual(["Guardar", "Limpiar todas", "Cancelar"]);
    expect([es.keys.show, es.keys.hide]).toEqual(["Mostrar", "Ocultar"]);
    expect([es.form.start, es.form.busy]).toEqual(["Iniciar análisis", "Analizando..."]);
    expect([es.header.keys, en.header.keys]).toEqual(["Configurar API keys", "Configure API keys"]);
    const { address, domain, md5, sha1, sha256 } = es.chips;
    expect([address, domain, md5, sha1, sha256]).toEqual(["IPv4 / IPv6", "Dominio", "MD5", "SHA1", "SHA256"]);
  });

  test("each key's hint names where to get it", () => {
    for (const texts of [en, es]) {
      expect(texts.keys.hints.openrouter).toContain("openrouter.ai");
      expect(texts.keys.hints.virustotal).toContain("virustotal.com");
      expect(texts.keys.hints.abuseipdb).toContain("abuseipdb.com");
      expect(texts.keys.hints.polyswarm).toContain("polyswarm.network");
    }
  });

  test("one and many differ", () => {
    expect(en.errors.retryIn(1)).toBe("Try again in 1 second");
    expect(en.errors.retryIn(2)).toBe("Try again in 2 seconds");
    expect(es.errors.retryIn(1)).toBe("Reintentar en 1 segundo");
    expect(es.errors.retryIn(2)).toBe("Reintentar en 2 segundos");
  });
});

describe("the language at the start", () => {
  test.each([
    [null, ["es-MX", "en-US"], "es"],
    [null, ["fr-FR", "es"], "es"],
    [null, ["fr-FR"], "en"],
    ["en", ["es-ES"], "en"],
    ["klingon", ["es-ES"], "es"],
  ])("stored %s, browser %j: %s", (stored, browser, expected) => {
    if (stored !== null) localStorage.setItem("cybervault:language", stored);
    vi.spyOn(navigator, "languages", "get").mockReturnValue(browser);
    expect(firstLanguage()).toBe(expected);
  });
});

describe("numbers and times", () => {
  test("each language writes them its own way", () => {
    expect(formatsOf("en").points(-0.25)).toBe("\u22120.25");
    expect(formatsOf("es").points(1.5)).toBe("+1,50");
    expect(formatsOf("en").points(0)).toBe("0.00");
    expect(formatsOf("es").number(8.43, 1)).toBe("8,4");
    expect(formatsOf("en").percent(0.834)).toBe("83%");
    expect(formatsOf("en").duration(312)).toBe("5 minutes");
    expect(formatsOf("es").duration(90_000)).toBe("1 día");
    expect(formatsOf("en").ago(0, 7_200_000)).toBe("2 hours ago");
    expect(formatsOf("en").ago(5, 0)).toBe("now");
    expect(formatsOf("en").date("2026-11-02T10:00:00Z")).toBe("Nov 2, 2026");
    expect(formatsOf("en").date("no date")).toBe("no date");
  });
});
