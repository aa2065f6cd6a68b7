/** Words of threats that several pages use. */

import { textsOf } from "../../i18n/texts";
import { DETECTION } from "../../lib/detections";

export const threatWords = textsOf(
  {
    statuses: {
      new: "New",
      acknowledged: "Acknowledged",
      investigating: "Investigating",
      mitigated: "Mitigated",
      false_positive: "False positive",
      closed: "Closed",
      ignored: "Ignored",
    },
    categories: {
      command_and_control: "Command and control",
      malware: "Malware",
      phishing: "Phishing",
      ransomware: "Ransomware",
      botnet: "Botnet",
      scanner: "Scanner",
      brute_force: "Brute force",
      spam: "Spam",
      anonymizer: "Anonymizer",
      benign: "Benign",
      unknown: "Unclassified",
    },
    targets: {
      endpoint_telemetry: "Endpoint telemetry",
      network_traffic: "Network traffic",
    },
    seenIn: (kind: string) => `seen in ${kind}`,
    seenByRule: "seen by a rule in telemetry",
    needsWrite: (role: string) => `Your role (${role}) can read threats. Handling them takes the right threat:write.`,
    copyRaw: "Copy raw",
    copyRawOf: (indicator: string) => `Copy ${indicator} as it is`,
  },
  {
    statuses: {
      new: "Nueva",
      acknowledged: "Reconocida",
      investigating: "En investigación",
      mitigated: "Mitigada",
      false_positive: "Falso positivo",
      closed: "Cerrada",
      ignored: "Ignorada",
    },
    categories: {
      command_and_control: "Mando y control",
      malware: "Malware",
      phishing: "Phishing",
      ransomware: "Ransomware",
      botnet: "Botnet",
      scanner: "Escáner",
      brute_force: "Fuerza bruta",
      spam: "Spam",
      anonymizer: "Anonimizador",
      benign: "Benigna",
      unknown: "Sin clasificar",
    },
    targets: {
      endpoint_telemetry: "Telemetría de equipo",
      network_traffic: "Tráfico de red",
    },
    seenIn: (kind) => `vista en ${kind}`,
    seenByRule: "vista por una regla en telemetría",
    needsWrite: (role) => `Tu rol (${role}) puede leer amenazas. Gestionarlas requiere el permiso threat:write.`,
    copyRaw: "Copiar original",
    copyRawOf: (indicator) => `Copiar ${indicator} sin modificar`,
  },
);

type Words = (typeof threatWords)["en"];

/** What was assessed, or for telemetry where the indicator was seen. */
export function placeOf({ kind }: { kind: string }, words: Words, kinds: Readonly<Record<string, string>>): string {
  if (kind === DETECTION) return words.seenByRule;
  const target = (words.targets as Readonly<Record<string, string>>)[kind];
  return target === undefined ? (kinds[kind] ?? kind) : words.seenIn(target.toLowerCase());
}

export function categoryOf(type: string, words: Words): string {
  return (words.categories as Readonly<Record<string, string>>)[type] ?? type;
}
