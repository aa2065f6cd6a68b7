/** Texts of the dashboard. */

import { textsOf } from "../../i18n/texts";

export const dashboardTexts = textsOf(
  {
    title: "Dashboard",
    asOf: "Updated",
    analyse: "Analyse an indicator",
    open: {
      heading: "Open threats",
      lead: "New, acknowledged or under investigation.",
      all: "All open",
      severity: "Severity",
      count: "Open",
    },
    trend: {
      heading: "Opened each day",
      days: "Days shown",
      lead: (count: string, days: string) => `${count} in ${days} days, by UTC.`,
      day: "Day",
      count: "Opened",
      link: (day: string, count: string) => `${day}: ${count} opened`,
    },
    techniques: {
      heading: "Top techniques",
      lead: "Of open threats, by how many show them.",
      none: "No open threat shows a technique of ATT&CK.",
      technique: "Technique",
      count: "Threats",
    },
    statuses: "By status",
    newest: { heading: "Newest", all: "All threats", none: "No threats yet." },
  },
  {
    title: "Panel",
    asOf: "Actualizado",
    analyse: "Analizar un indicador",
    open: {
      heading: "Amenazas abiertas",
      lead: "Nuevas, reconocidas o en investigación.",
      all: "Todas las abiertas",
      severity: "Severidad",
      count: "Abiertas",
    },
    trend: {
      heading: "Abiertas cada día",
      days: "Días mostrados",
      lead: (count, days) => `${count} en ${days} días, según UTC.`,
      day: "Día",
      count: "Abiertas",
      link: (day, count) => `${day}: ${count} abiertas`,
    },
    techniques: {
      heading: "Técnicas principales",
      lead: "De las amenazas abiertas, según cuántas las muestran.",
      none: "Ninguna amenaza abierta muestra una técnica de ATT&CK.",
      technique: "Técnica",
      count: "Amenazas",
    },
    statuses: "Por estado",
    newest: { heading: "Más recientes", all: "Todas las amenazas", none: "Todavía no hay amenazas." },
  },
);
