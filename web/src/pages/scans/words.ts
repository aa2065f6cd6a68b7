/** Words of scans that several pages use. */

import { textsOf } from "../../i18n/texts";
import type { Tone } from "../../kit/Tags";
import type { Status } from "./search";

export const STATUS_TONE: Record<Status, Tone> = {
  queued: "plain",
  running: "busy",
  completed: "good",
  timed_out: "warn",
  cancelled: "plain",
  failed: "bad",
};

export const scanWords = textsOf(
  {
    scans: "Scans",
    schedules: "Schedules",
    grants: "What may be scanned",
    tabs: "Parts of the scans",
    newScan: "New scan",
    needsWrite: (role: string) =>
      `Your role (${role}) can read scans. Starting and stopping them takes the right scan:write.`,
    statuses: {
      queued: "Waiting",
      running: "Running",
      completed: "Completed",
      timed_out: "Out of time",
      cancelled: "Cancelled",
      failed: "Failed",
    },
    profiles: { standard: "Standard", compliance: "Compliance", pentest: "Pentest" },
    kinds: { network: "Network", domain: "Domain", cloud: "Cloud resource", image: "Image" },
    progress: "Progress",
    more: (count: number) => `and ${count} more`,
    engines: {
      ports: "Ports",
      services: "Services",
      tls: "TLS and certificates",
      http: "Web headers and cookies",
      names: "DNS and mail rules",
      account: "Cloud account",
      listing: "Cloud inventory",
      cloud: "Cloud rules",
      prowler: "Cloud checks (prowler)",
      image: "Image",
      layers: "Layers",
      advisories: "Known flaws",
      wapiti: "Web attacks (wapiti)",
      syft: "Packages (syft)",
    },
    noFindings: "No findings",
    severityCount: (severity: string, count: number) => `${severity}: ${count}`,
  },
  {
    scans: "Escaneos",
    schedules: "Programación",
    grants: "Qué se puede escanear",
    tabs: "Partes de los escaneos",
    newScan: "Nuevo escaneo",
    needsWrite: (role) => `Tu rol (${role}) puede leer escaneos. Iniciarlos y pararlos requiere el permiso scan:write.`,
    statuses: {
      queued: "En espera",
      running: "En curso",
      completed: "Completado",
      timed_out: "Sin tiempo",
      cancelled: "Cancelado",
      failed: "Fallido",
    },
    profiles: { standard: "Estándar", compliance: "Cumplimiento", pentest: "Pentest" },
    kinds: { network: "Red", domain: "Dominio", cloud: "Recurso de nube", image: "Imagen" },
    progress: "Progreso",
    more: (count) => `y ${count} más`,
    engines: {
      ports: "Puertos",
      services: "Servicios",
      tls: "TLS y certificados",
      http: "Cabeceras y cookies web",
      names: "Reglas de DNS y correo",
      account: "Cuenta de nube",
      listing: "Inventario de nube",
      cloud: "Reglas de nube",
      prowler: "Comprobaciones de nube (prowler)",
      image: "Imagen",
      layers: "Capas",
      advisories: "Fallos conocidos",
      wapiti: "Ataques web (wapiti)",
      syft: "Paquetes (syft)",
    },
    noFindings: "Sin hallazgos",
    severityCount: (severity, count) => `${severity}: ${count}`,
  },
);
