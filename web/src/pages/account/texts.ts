/** Texts of the member's own page. */

import { textsOf } from "../../i18n/texts";

export const accountTexts = textsOf(
  {
    title: "Your account",
    lead: (role: string, tenant: string) => `${role} of ${tenant}`,
    appearance: {
      heading: "Appearance",
      theme: "Theme",
      themes: { system: "As the system", light: "Light", dark: "Dark" },
      density: "Density",
      densities: { comfortable: "Comfortable", compact: "Compact" },
      note: "Kept in this browser.",
    },
    sessions: {
      heading: "Sessions",
      current: "This one",
      unknownAgent: "Unnamed program",
      line: (address: string) => `from ${address}`,
      nowhere: "an unknown address",
      seen: "Last used",
      ends: "Ends without use",
      end: "End",
      endThis: (agent: string) => `End the session of ${agent}`,
      endOthers: "End all others",
      ended: "The session has ended.",
      endedOthers: (count: number) => (count === 1 ? "1 session has ended." : `${count} sessions have ended.`),
    },
  },
  {
    title: "Tu cuenta",
    lead: (role, tenant) => `${role} de ${tenant}`,
    appearance: {
      heading: "Apariencia",
      theme: "Tema",
      themes: { system: "Como el sistema", light: "Claro", dark: "Oscuro" },
      density: "Densidad",
      densities: { comfortable: "Amplia", compact: "Compacta" },
      note: "Se guarda en este navegador.",
    },
    sessions: {
      heading: "Sesiones",
      current: "Esta",
      unknownAgent: "Programa sin nombre",
      line: (address) => `desde ${address}`,
      nowhere: "una dirección desconocida",
      seen: "Último uso",
      ends: "Termina sin uso",
      end: "Terminar",
      endThis: (agent) => `Terminar la sesión de ${agent}`,
      endOthers: "Terminar todas las demás",
      ended: "La sesión ha terminado.",
      endedOthers: (count) => (count === 1 ? "Ha terminado 1 sesión." : `Han terminado ${count} sesiones.`),
    },
  },
);
