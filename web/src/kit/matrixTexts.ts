/** Texts of the matrix. */

import { textsOf } from "../i18n/texts";

export const matrixTexts = textsOf(
  {
    label: "Techniques by tactic",
    keys: "Arrows walk through it.",
    unnamed: "not in our table",
    noTactic: "Other",
    tactics: {
      reconnaissance: "Reconnaissance",
      "resource-development": "Resource Development",
      "initial-access": "Initial Access",
      execution: "Execution",
      persistence: "Persistence",
      "privilege-escalation": "Privilege Escalation",
      "defense-evasion": "Defense Evasion",
      stealth: "Stealth",
      "defense-impairment": "Defense Impairment",
      "credential-access": "Credential Access",
      discovery: "Discovery",
      "lateral-movement": "Lateral Movement",
      collection: "Collection",
      "command-and-control": "Command and Control",
      exfiltration: "Exfiltration",
      impact: "Impact",
    },
  },
  {
    label: "Técnicas por táctica",
    keys: "Las flechas la recorren.",
    unnamed: "no está en nuestra tabla",
    noTactic: "Otras",
    tactics: {
      reconnaissance: "Reconocimiento",
      "resource-development": "Desarrollo de recursos",
      "initial-access": "Acceso inicial",
      execution: "Ejecución",
      persistence: "Persistencia",
      "privilege-escalation": "Escalada de privilegios",
      "defense-evasion": "Evasión de defensas",
      stealth: "Sigilo",
      "defense-impairment": "Deterioro de defensas",
      "credential-access": "Acceso a credenciales",
      discovery: "Descubrimiento",
      "lateral-movement": "Movimiento lateral",
      collection: "Recopilación",
      "command-and-control": "Mando y control",
      exfiltration: "Exfiltración",
      impact: "Impacto",
    },
  },
);
