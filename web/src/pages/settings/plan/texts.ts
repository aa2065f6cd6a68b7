/** Texts of the page of the plan. */

import { textsOf } from "../../../i18n/texts";

export const planTexts = textsOf(
  {
    title: "Plan and billing",
    lead: "What the plan of your workspace gives. No payment is taken here.",
    current: "Your plan",
    since: "Workspace since",
    who: "Whoever runs this server sets another plan, by:",
    opens: {
      heading: "API access",
      personal: "Personal API keys",
      other: "Keys of service accounts and of the workspace",
      yes: "Included",
      no: "Not included",
    },
    limits: {
      heading: "Limits for each key",
      lead: "Calls a minute or an hour. For a short while the number in brackets passes, never more.",
      own: "Your workspace has limits of its own, which stand above those of its plan.",
      what: "Calls",
      each: { minute: "a minute", hour: "an hour" },
      classes: { read: "reading", write: "writing", any: "all calls" },
      plan: (name: string) => `${name} (yours)`,
      now: "Holds now",
    },
    compare: "What another plan would change",
  },
  {
    title: "Plan y facturación",
    lead: "Lo que da el plan de tu espacio de trabajo. Aquí no se cobra nada.",
    current: "Tu plan",
    since: "Espacio de trabajo desde",
    who: "Quien opera este servidor pone otro plan, con:",
    opens: {
      heading: "Acceso a la API",
      personal: "Claves personales de API",
      other: "Claves de cuentas de servicio y del espacio de trabajo",
      yes: "Incluidas",
      no: "No incluidas",
    },
    limits: {
      heading: "Límites de cada clave",
      lead: "Llamadas por minuto o por hora. Durante un momento pasa el número entre paréntesis, nunca más.",
      own: "Tu espacio de trabajo tiene límites propios, por encima de los de su plan.",
      what: "Llamadas",
      each: { minute: "por minuto", hour: "por hora" },
      classes: { read: "de lectura", write: "de escritura", any: "todas" },
      plan: (name) => `${name} (el tuyo)`,
      now: "Vale ahora",
    },
    compare: "Lo que cambiaría otro plan",
  },
);
