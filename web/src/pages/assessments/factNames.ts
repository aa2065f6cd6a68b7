/** What facts of sources, behaviours and marks are called; the API names them by words of ours joined by underscores. */

import { useCallback } from "react";
import { textsOf, useTexts } from "../../i18n/texts";
import { labelName } from "../../lib/labels";

const SPANISH: Readonly<Record<string, string>> = {
  age: "antigüedad",
  answer: "respuesta",
  certutil_download: "descarga con certutil",
  classification: "clasificación",
  credential_dump: "volcado de credenciales",
  crypto_miner: "minero de criptomonedas",
  detections: "detecciones",
  disable_defender: "Defender desactivado",
  download_cradle: "descarga y ejecución",
  eicar_test_file: "fichero de prueba EICAR",
  encoded_command: "orden codificada",
  encoded_powershell: "PowerShell codificado",
  event_log_clearing: "registros de eventos borrados",
  filtering: "filtrado",
  known_file: "fichero conocido",
  macro_autoopen: "macro que se abre sola",
  many_hosts: "muchas direcciones",
  many_ports: "muchos puertos",
  mentions_known_bad: "menciona algo que se sabe malo",
  network: "red",
  obfuscated_strings: "texto ofuscado",
  polyscore: "PolyScore",
  popularity: "popularidad",
  ports: "puertos",
  process_memory_dump: "volcado de memoria de un proceso",
  proxy_binary_connects_out: "programa del sistema que se conecta fuera",
  ranking: "clasificación por popularidad",
  records: "registros",
  registration: "registro",
  reports: "denuncias",
  reputation: "reputación",
  resolution: "resolución",
  reverse_shell: "shell inversa",
  riot: "servicio común",
  role: "función",
  run_key: "clave de arranque",
  scan_interface_bypass: "AMSI evitado",
  scheduled_task: "tarea programada",
  script_proxy: "script por un programa del sistema",
  service_host_connects_out: "svchost que se conecta fuera",
  shadow_copy_deletion: "instantáneas borradas",
  smb_outside: "SMB con el exterior",
  standing: "crédito",
  status: "estado",
  tags: "etiquetas",
  tool_port: "puerto de una herramienta",
  tor: "Tor",
  tor_port: "puerto de Tor",
  trust: "confianza",
  vulnerabilities: "vulnerabilidades",
  whitelisted: "en la lista blanca",
  wrong_folder: "carpeta que no es la suya",
};

/** Of indicators in telemetry: `malicious_ipv4`, `suspicious_file`, and a further tactic: `tactic:impact`. */
const MADE: readonly [RegExp, string][] = [
  [/^malicious_(\w+)$/, "malicioso: $1"],
  [/^suspicious_(\w+)$/, "sospechoso: $1"],
  [/^tactic:(.+)$/, "otra táctica: $1"],
];

export function spanishName(name: string): string {
  const [pattern, words] = MADE.find(([one]) => one.test(name)) ?? [];
  return SPANISH[name] ?? labelName(pattern === undefined || words === undefined ? name : name.replace(pattern, words));
}

const names = textsOf({ of: labelName as (name: string) => string }, { of: spanishName });

/** A fact's name in words, in the language of the page. */
export function useFactName(): (name: string) => string {
  const { of } = useTexts(names);
  return useCallback((name: string) => of(name), [of]);
}
